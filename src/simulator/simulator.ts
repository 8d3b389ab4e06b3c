import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import type { Did, Micros, StreamEvent } from '../atproto/event.ts'
import { appviewHandler } from './appview-server.ts'
import { Archive } from './archive.ts'
import type { WireDictionaries } from './compression.ts'
import { type Faults, NO_FAULTS } from './faults.ts'
import type { Network } from './network.ts'
import { Random } from './random.ts'
import { serveStream } from './stream-server.ts'
import type { SlowReader } from './subscription.ts'
import { simulatedWires } from './wires/index.ts'
import type { SimulatedWire } from './wires/wire.ts'

export type SimulatorOptions = {
  network: Network
  seed: number
  host?: string
  /** 0 for any free port. @default 0 */
  port?: number
  faults?: Partial<Faults>
  /** The first event's number; servers number events differently. @default 1 */
  firstSeq?: number
  /** How many entries its archive keeps at least; older ones may be dropped. @default all */
  keeps?: number
  /** Another server's archive: this one shows the same, with its own numbers and times. @default none */
  mirror?: Archive
  /** A mirror witnesses everything up to so many microseconds later. @default 0 */
  jitter?: Micros
  /** The wires that it speaks. @default every wire of the list */
  wires?: readonly SimulatedWire[]
  /** Dictionaries to compress frames with; may be changed at any time. @default none */
  dictionaries?: WireDictionaries
  /** When a client that does not read is cut off. @default 4 MiB, 5 s */
  slow?: SlowReader
  /** Milliseconds between keep-alives. @default 30,000, as real hosts have */
  pingMs?: number
}

const NO_DICTIONARIES: WireDictionaries = {}
/** As real hosts, which allow 5 s to write one frame. */
const SLOW: SlowReader = { bytes: 4 * 2 ** 20, ms: 5_000 }

/** A running server: Jetstream on every wire, the AppView, the directory and everybody's repository. */
export type Simulator = AsyncDisposable & {
  /** `ws://127.0.0.1:port` */
  url: string
  /** `http://127.0.0.1:port` */
  httpUrl: string
  network: Network
  /** May be changed at any time. */
  faults: Faults
  archive: Archive
  /** People whose wish not to be shown the AppView has inverted, because it lies or is out of date. */
  misled: Set<Did>
  /** Makes `count` events happen, or a few more that belong together, serves them, and returns how many. */
  emit(count: number): number
  /** Adds events that happened elsewhere, a recording for instance. */
  add(events: readonly StreamEvent[]): void
}

/** Starts a server over `network`. Several may share one: each sees it through its own numbers. */
export async function startSimulator(options: SimulatorOptions): Promise<Simulator> {
  const { network, seed, host = '127.0.0.1', port = 0, firstSeq = 1, pingMs = 30_000 } = options
  const { dictionaries = NO_DICTIONARIES, slow = SLOW, mirror, jitter = 0 } = options
  const { wires = simulatedWires } = options
  const faults: Faults = { ...NO_FAULTS, ...options.faults }
  const archive = new Archive(firstSeq, options.keeps)
  const random = new Random(seed ^ 0x1b873593)
  const witness = witnessOf(jitter, new Random(seed ^ 0x7feb352d))
  if (mirror !== undefined) archive.add(mirror.entries.map(({ event }) => witness(event)))
  const stopMirroring = mirror?.onAdded((events) => archive.add(events.map(witness)))
  const misled = new Set<Did>()
  let httpUrl = ''
  const answer = appviewHandler({
    network,
    faults,
    seed,
    misled,
    url: () => httpUrl,
    dictionaryAt: (path) => {
      const wire = wires.find(({ dictionaryPath }) => dictionaryPath === path)
      return wire && dictionaries[wire.name]
    },
  })
  const server = createServer((request, response) => {
    answer(request, response).catch((error: unknown) => {
      response.writeHead(500).end(JSON.stringify({ error: 'InternalServerError', message: String(error) }))
    })
  })
  const stream = serveStream(server, { archive, wires, faults, seed, dictionaries, slow, pingMs })
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject)
    server.listen(port, host, resolve)
  })
  const { port: taken } = server.address() as AddressInfo
  const authority = `${host.includes(':') ? `[${host}]` : host}:${taken}`
  httpUrl = `http://${authority}`
  return {
    url: `ws://${authority}`,
    httpUrl,
    network,
    faults,
    archive,
    misled,
    emit: (count) => {
      const events: StreamEvent[] = []
      while (events.length < count) events.push(...network.next())
      archive.add(reordered(events, faults.reorder, random))
      return events.length
    },
    add: (events) => archive.add(events),
    [Symbol.asyncDispose]: async () => {
      stopMirroring?.()
      stream.close()
      server.closeAllConnections()
      await new Promise((resolve) => server.close(resolve))
    },
  }
}

/** Swaps some neighbouring events of different people, each of which takes over the other's time. */
function reordered(events: readonly StreamEvent[], chance: number, random: Random): StreamEvent[] {
  const seen = [...events]
  for (let i = 0; i + 1 < seen.length; i++) {
    const [a, b] = [seen[i], seen[i + 1]]
    if (a === undefined || b === undefined || a.did === b.did || !random.chance(chance)) continue
    seen[i] = redated(b, a.at)
    seen[i + 1] = redated(a, b.at)
  }
  return seen
}

function redated(event: StreamEvent, time: Micros): StreamEvent {
  // An account's own time is no later than its witness time.
  if (event.kind === 'account') return { ...event, at: time, time: Math.min(event.time, time) }
  return { ...event, at: time }
}

/** Redates events as a host that witnesses them up to `jitter` microseconds later, in the same order. */
function witnessOf(jitter: Micros, random: Random): (event: StreamEvent) => StreamEvent {
  let last: Micros = 0
  return (event) => {
    last = Math.max(last, event.at + random.below(jitter + 1))
    return redated(event, last)
  }
}
