// How long reading strangers' repositories delays the event loop of the calling thread.
import { createServer } from 'node:http'
import { monitorEventLoopDelay, performance } from 'node:perf_hooks'
import { setTimeout as sleep } from 'node:timers/promises'
import { isMainThread, parentPort, Worker } from 'node:worker_threads'
import type { Nsid } from '@atcute/lexicons/syntax'
import { openRepositories } from '../src/bluesky/repositories.ts'
import {
  carOf,
  KEY,
  madeRepository,
  OWNER,
  pathsOf,
  recordOf,
  varint,
} from '../test/bluesky/repository/made-repository.ts'
import type { Row } from './table.ts'

const MIB = 2 ** 20
const COLLECTIONS = new Set<Nsid>(['app.bsky.feed.post', 'app.bsky.feed.like'])

/** The repositories that are read; the hostile ones have 90 MiB of blocks and no records. */
const FILES: Readonly<Record<string, [what: string, make: () => Buffer]>> = {
  legit: ['57,000 records', () => legit(57_000)],
  heavy: ['300,000 records', () => legit(300_000)],
  tiny: ['hostile: the smallest blocks', () => hostile(Uint8Array.of(0xa0))],
  nodes: ['hostile: nodes that nobody names', () => hostile(Buffer.from('a2616580616cf6', 'hex'))],
}

export async function benchRepositories(): Promise<Row[]> {
  const server = new Worker(new URL(import.meta.url))
  try {
    const port = await new Promise<number>((resolve) => server.once('message', resolve))
    const repositories = openRepositories({ plcUrl: `http://127.0.0.1:${port}`, received: () => {} })
    const rows: Row[] = []
    const idle = await delayDuring(() => sleep(2_000))
    rows.push({ name: 'nothing', value: `${idle.max} ms at most`, note: `p99 ${idle.p99} ms` })
    for (const [name, [what]] of Object.entries(FILES)) {
      server.postMessage(name)
      const bytes = await new Promise<number>((resolve) => server.once('message', resolve))
      const pds = new URL(`http://127.0.0.1:${port}`)
      const { signal } = new AbortController()
      const read = () =>
        repositories
          .snapshot(OWNER, { pds, key: KEY, collections: COLLECTIONS, records: undefined, signal })
          .then(
            (snapshot) => `${snapshot?.paths.size} names`,
            ({ refusal }) => `refused as ${refusal}`,
          )
      const { result, max, p99, ms } = await delayDuring(read)
      const size = (bytes / MIB).toFixed(0)
      const note = `p99 ${p99} ms; ${result} in ${ms} ms`
      rows.push({ name: `${what}, ${size} MiB`, value: `${max} ms at most`, note })
    }
    return rows
  } finally {
    await server.terminate()
  }
}

async function delayDuring<Result>(work: () => Promise<Result>) {
  const delay = monitorEventLoopDelay({ resolution: 1 })
  const began = performance.now()
  delay.enable()
  const result = await work()
  delay.disable()
  const inMs = (nanoseconds: number) => (nanoseconds / 1e6).toFixed(1)
  const ms = (performance.now() - began).toFixed(0)
  return { result, ms, max: inMs(delay.max), p99: inMs(delay.percentile(99)) }
}

function legit(count: number): Buffer {
  const { commit, blocks } = madeRepository(pathsOf(count), recordOf)
  return carOf(commit, blocks)
}

function hostile(bytes: Uint8Array): Buffer {
  const { commit } = madeRepository([], recordOf)
  const cid = [Uint8Array.of(1, 0x71, 0x12, 0x20), Buffer.alloc(32)]
  const block = Buffer.concat([varint(36 + bytes.length), ...cid, bytes])
  const count = Math.floor((90 * MIB) / block.length)
  const blocks = Buffer.alloc(count * block.length)
  for (let n = 0; n < count; n++) {
    block.copy(blocks, n * block.length)
    blocks.writeUInt32LE(n, n * block.length + 5)
  }
  return Buffer.concat([carOf(commit, []), blocks])
}

/** The server's thread: makes the file that a message names, and answers every request with it. */
if (!isMainThread) {
  let file: Buffer = Buffer.alloc(0)
  const server = createServer((_request, response) => response.end(file))
  server.listen(0, '127.0.0.1', () => {
    const address = server.address()
    if (typeof address === 'object') parentPort?.postMessage(address?.port)
  })
  parentPort?.on('message', (name: string) => {
    file = FILES[name]?.[1]() ?? file
    parentPort?.postMessage(file.length)
  })
}
