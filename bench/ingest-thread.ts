// The whole path in a thread of its own, as in the program; posts its figures to the parent at the end.
import { readFileSync, statSync } from 'node:fs'
import { parentPort, workerData } from 'node:worker_threads'
import { openSqlite } from '../src/store/sqlite/open.ts'
import { foldFeed } from './whole-path.ts'

export type Work = { path: string; events: number; actors: number }

export type Measured = Awaited<ReturnType<typeof wholePath>>

/** Events between two readings of the rate. */
const PIECE = 100_000

parentPort?.postMessage(await wholePath(workerData as Work))

async function wholePath({ path, events, actors }: Work) {
  await using store = openSqlite({ path, reserve: 0 })
  const times: number[] = []
  let peakMiB = 0
  let halfMiB = 0
  const { seen, began, ended } = await foldFeed(store, { events, actors }, ({ seen, all }) => {
    const memory = anonymousMiB()
    peakMiB = Math.max(peakMiB, memory)
    if (seen < all / 2) halfMiB = memory
    while (times.length < Math.floor(seen / PIECE)) times.push(performance.now())
  })
  const seconds = (ended - began) / 1000
  const status = await store.reader.status()
  const pieces = times.map((time, index) => PIECE / ((time - (times[index - 1] ?? began)) / 1000))
  return {
    events: seen,
    rate: seen / seconds,
    first: pieces[0] ?? 0,
    last: pieces.at(-1) ?? 0,
    ledgerEvents: status.events,
    bytesPerEvent:
      (statSync(path).size + (statSync(`${path}-wal`, { throwIfNoEntry: false })?.size ?? 0)) / status.events,
    peakMiB,
    halfMiB,
  }
}

/** Memory of this process that no file backs, in MiB. */
function anonymousMiB(): number {
  try {
    return Number(/RssAnon:\s+(\d+)/.exec(readFileSync('/proc/self/status', 'utf8'))?.[1]) / 1024
  } catch {
    return process.memoryUsage().rss / 2 ** 20
  }
}
