import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import type { Micros, StreamEvent } from '../atproto/event.ts'
import { appviewHandler } from './appview-server.ts'
import { Archive } from './archive.ts'
import { type Faults, NO_FAULTS } from './faults.ts'
import type { Network } from './network.ts'
import { Random } from './random.ts'
import { serveStream } from './stream-server.ts'

export type SimulatorOptions = {
  network: Network
  seed: number
  host?: string
  /** 0 takes a free one. @default 0 */
  port?: number
  faults?: Partial<Faults>
  /** Servers number what they see each in their own way. @default 1 */
  firstSeq?: number
  dictionaries?: { v1: Uint8Array | undefined; v2: Uint8Array | undefined }
  /** When a client that does not read is given up: bytes that wait for it, milliseconds of waiting. */
  slow?: { bytes: number; ms: number }
  pingMs?: number
}

/** A running server: Jetstream on both wires, the AppView, the directory and everybody's repository. */
export type Simulator = AsyncDisposable & {
  /** `ws://127.0.0.1:port` */
  url: string
  /** `http://127.0.0.1:port` */
  httpUrl: string
  network: Network
  /** May be changed at any time. */
  faults: Faults
  archive: Archive
  /** Lets about `count` more events happen and shows them to everybody who listens. */
  emit(count: number): void
  /** Adds events that happened elsewhere, a recording for instance. */
  add(events: readonly StreamEvent[]): void
}

/** Starts a server over `network`. Several may share one: each sees it through its own numbers. */
export async function startSimulator(options: SimulatorOptions): Promise<Simulator> {
  const { network, seed, host = '127.0.0.1', port = 0, firstSeq = 1, pingMs = 30_000 } = options
  const { dictionaries = { v1: undefined, v2: undefined }, slow = { bytes: 4 * 2 ** 20, ms: 5_000 } } =
    options
  const faults: Faults = { ...NO_FAULTS, ...options.faults }
  const archive = new Archive(firstSeq)
  const random = new Random(seed ^ 0x1b873593)
  let httpUrl = ''
  const answer = appviewHandler({
    network,
    faults,
    seed,
    url: () => httpUrl,
    dictionary: () => dictionaries.v2,
  })
  const server = createServer((request, response) => {
    answer(request, response).catch((error: unknown) => {
      response.writeHead(500).end(JSON.stringify({ error: 'InternalServerError', message: String(error) }))
    })
  })
  const stream = serveStream(server, { archive, faults, seed, dictionaries, slow, pingMs })
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject)
    server.listen(port, host, resolve)
  })
  const { port: taken } = server.address() as AddressInfo
  httpUrl = `http://${host}:${taken}`
  return {
    url: `ws://${host}:${taken}`,
    httpUrl,
    network,
    faults,
    archive,
    emit: (count) => {
      const events: StreamEvent[] = []
      while (events.length < count) events.push(...network.next())
      archive.add(reordered(events, faults.reorder, random))
    },
    add: (events) => archive.add(events),
    [Symbol.asyncDispose]: async () => {
      stream.close()
      server.closeAllConnections()
      await new Promise((resolve) => server.close(resolve))
    },
  }
}

/** Of neighbours by different people, some are witnessed the other way round; the times stay where they are. */
function reordered(events: readonly StreamEvent[], chance: number, random: Random): StreamEvent[] {
  const seen = [...events]
  for (let i = 0; i + 1 < seen.length; i++) {
    const [a, b] = [seen[i], seen[i + 1]]
    if (a === undefined || b === undefined || a.did === b.did || !random.chance(chance)) continue
    seen[i] = at(b, a.at)
    seen[i + 1] = at(a, b.at)
  }
  return seen
}

function at(event: StreamEvent, time: Micros): StreamEvent {
  return { ...event, at: time }
}
