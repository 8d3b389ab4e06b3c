import { setTimeout as sleep } from 'node:timers/promises'
import type { Did, Micros } from '../atproto/event.ts'
import type { Wish } from '../game/operation.ts'
import type { Expiry } from '../store/expired.ts'
import type { Writer } from '../store/store.ts'
import type { LagMeter } from './lag.ts'
import type { Ledger } from './ledger.ts'

/** Pauses between two runs of each chore. */
const WISHES_EVERY_MS = 1_000
const HEARTBEAT_EVERY_MS = 2_000
const SAMPLE_EVERY_MS = 60_000
const PRUNE_EVERY_MS = 60_000
const REPORT_EVERY_MS = 10_000

/** Rows per turn of the ledger: few enough that the stream hardly waits. */
const WISHES_AT_ONCE = 100
const PRUNED_AT_ONCE = 5_000

export type ChoresOptions = {
  ledger: Ledger
  lag: LagMeter
  /** Writes a heartbeat. */
  beat: () => Promise<void>
  /** How long events are kept; `undefined` for ever. Older ones are pruned once both `clock` and the stream say so. */
  retention: Micros | undefined
  /** Bytes received since the last call. */
  takeNetworkBytes: () => number
  /** Told of each person whom a client of the API looks at, once their profile is asked for. */
  lookedAt: (did: Did) => void
  /** Told of each person of whom an import was cancelled. */
  importCancelled: (did: Did) => void
  /** Reports how many characters wait to be introduced. */
  report: () => Promise<void>
  clock: () => Micros
  signal: AbortSignal
}

/** Runs the periodic work beside the stream until `signal` aborts. */
export async function chores(options: ChoresOptions): Promise<void> {
  const { ledger, lag, beat, retention, takeNetworkBytes, report, clock, signal } = options
  const over = new AbortController()
  const end = AbortSignal.any([signal, over.signal])
  const every = (ms: number, work: () => Promise<unknown>) =>
    repeat(ms, end, work).finally(() => over.abort())
  // Waits for all of them, also after one has failed: none may use the ledger after it has been disposed.
  const ended = await Promise.allSettled([
    every(WISHES_EVERY_MS, () => fulfilWishes(ledger, options)),
    every(HEARTBEAT_EVERY_MS, beat),
    every(SAMPLE_EVERY_MS, () =>
      ledger.use((writer) => writer.recordSample({ at: clock(), networkBytes: takeNetworkBytes() })),
    ),
    every(REPORT_EVERY_MS, report),
    every(PRUNE_EVERY_MS, async () => {
      // By a clock that is ahead every event would be old. So an event has to be old by the stream's time, too, ...
      if (retention === undefined || lag.reached === undefined) return
      const times = [clock(), lag.reached]
      // ... and by a clock that is behind, young events would lie in the future. So they must lie there by the stream's time, too.
      await prune(ledger, { before: Math.min(...times) - retention, now: Math.max(...times) }, end)
    }),
  ])
  for (const result of ended) if (result.status === 'rejected') throw result.reason
}

/** Folds the inbox's wishes until it is empty, and tells of those that others of ingest have to know. */
export async function fulfilWishes(
  ledger: Ledger,
  told: Pick<ChoresOptions, 'lookedAt' | 'importCancelled'> = NOBODY,
): Promise<void> {
  for (;;) {
    const wishes = await ledger.use(async (writer) => {
      const left: Wish[] = []
      for (const wish of beforeAnswers(await writer.wishes(WISHES_AT_ONCE)))
        left.push(await withQuestion(writer, wish))
      return left
    })
    if (wishes.length === 0) return
    await ledger.fold(wishes, undefined)
    for (const { kind, did } of wishes) {
      if (kind === 'look-up') told.lookedAt(did)
      if (kind === 'cancel-import') told.importCancelled(did)
    }
  }
}

const NOBODY = { lookedAt: () => {}, importCancelled: () => {} }

/** The first of `wishes` that can be folded at once: an import can be cancelled once its question has been stored. */
function beforeAnswers(wishes: readonly Wish[]): readonly Wish[] {
  const asked = new Set<Did>()
  const end = wishes.findIndex(({ kind, did }) => {
    if (kind === 'import') asked.add(did)
    return kind === 'cancel-import' && asked.has(did)
  })
  return end < 0 ? wishes : wishes.slice(0, end)
}

/** Adds the question that the wish is about, so that both go in one commit. */
async function withQuestion(writer: Pick<Writer, 'questionsAbout'>, wish: Wish): Promise<Wish> {
  if (wish.kind !== 'cancel-import') return wish
  const [open] = await writer.questionsAbout('import', [wish.did])
  return { ...wish, question: open?.id }
}

async function prune(ledger: Ledger, expiry: Expiry, signal: AbortSignal): Promise<void> {
  let gone: number
  do gone = await ledger.use((writer) => writer.prune(expiry, PRUNED_AT_ONCE))
  while (gone === PRUNED_AT_ONCE && !signal.aborted)
}

/** Does `work` at once and then again `ms` after it ended, until `signal` aborts. */
async function repeat(ms: number, signal: AbortSignal, work: () => Promise<unknown>): Promise<void> {
  while (!signal.aborted) {
    await work()
    // The loop's condition handles the abort.
    await sleep(ms, undefined, { signal }).catch(() => {})
  }
}
