// The whole path in a thread of its own, as in the program; tells its figures when it is through.
import { readFileSync, statSync } from 'node:fs'
import { parentPort, workerData } from 'node:worker_threads'
import type { Game } from '../src/game/decide.ts'
import { NO_CHANGES, rulebook } from '../src/game/rulebook.ts'
import { Ledger } from '../src/ingest/ledger.ts'
import { silentObserver, subscribe } from '../src/jetstream/subscribe.ts'
import { openSqlite } from '../src/store/sqlite/open.ts'
import { startFeed } from './feed.ts'

export type Work = { path: string; events: number; actors: number }

export type Measured = Awaited<ReturnType<typeof wholePath>>

/** Events between two readings of the rate. */
const PIECE = 100_000

parentPort?.postMessage(await wholePath(workerData as Work))

async function wholePath({ path, events: wanted, actors }: Work) {
  await using feed = await startFeed({ events: wanted, actors, kinds: ['v1'] })
  const rules = rulebook(NO_CHANGES)
  const game: Game = { rules, followed: new Set(rules.collections), baseline: 'off' }
  await using store = openSqlite({ path, reserve: 0 })
  await using writer = await store.write({ fingerprint: rules.fingerprint, purpose: 'keep' })
  const ledger = new Ledger({ game, writer, folded: () => {} })
  const end = new AbortController()
  const stream = subscribe({
    hosts: [`${feed.url}/subscribe`],
    cursor: undefined,
    collections: [],
    dids: undefined,
    compression: 'off',
    v1Dictionary: undefined,
    observer: silentObserver,
    signal: end.signal,
  })
  const times: number[] = []
  let seen = 0
  let peakMiB = 0
  let halfMiB = 0
  let began = 0
  for await (const { events, cursor } of stream) {
    if (began === 0) began = performance.now()
    await ledger.fold(events, cursor)
    seen += events.length
    const memory = anonymousMiB()
    peakMiB = Math.max(peakMiB, memory)
    if (seen < feed.events / 2) halfMiB = memory
    while (times.length < Math.floor(seen / PIECE)) times.push(performance.now())
    if (seen >= feed.events) break
  }
  const seconds = (performance.now() - began) / 1000
  const status = await store.reader.status()
  const pieces = times.map((time, index) => PIECE / ((time - (times[index - 1] ?? began)) / 1000))
  await writer[Symbol.asyncDispose]()
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
