import { setTimeout as sleep } from 'node:timers/promises'
import type { Micros } from '../atproto/event.ts'
import type { Expiry } from '../store/expired.ts'
import type { LagMeter } from './lag.ts'
import type { Ledger } from './ledger.ts'

/** How often each is done, in milliseconds. */
const WISHES_EVERY_MS = 1_000
const HEARTBEAT_EVERY_MS = 2_000
const SAMPLE_EVERY_MS = 60_000
const PRUNE_EVERY_MS = 60_000
const REPORT_EVERY_MS = 10_000

/** Rows a turn: few enough that the stream hardly waits. */
const WISHES_AT_ONCE = 100
const PRUNED_AT_ONCE = 5_000

export type ChoresOptions = {
  ledger: Ledger
  lag: LagMeter
  /** Says that we are alive. */
  beat: () => Promise<void>
  /** How long events are kept; `undefined` for ever. What is older goes once both `clock` and the stream say so. */
  retention: Micros | undefined
  /** Bytes received since the last call. */
  takeNetworkBytes: () => number
  /** Tells how much the ledger waits for. */
  report: () => Promise<void>
  clock: () => Micros
  signal: AbortSignal
}

/** Does what has to be done every so often beside the stream, until `signal` aborts. */
export async function chores(options: ChoresOptions): Promise<void> {
  const { ledger, lag, beat, retention, takeNetworkBytes, report, clock, signal } = options
  const over = new AbortController()
  const end = AbortSignal.any([signal, over.signal])
  const every = (ms: number, work: () => Promise<unknown>) =>
    repeat(ms, end, work).finally(() => over.abort())
  // All are over when this is: nothing is done to a ledger that has been given back.
  const ended = await Promise.allSettled([
    every(WISHES_EVERY_MS, () => fulfilWishes(ledger)),
    every(HEARTBEAT_EVERY_MS, beat),
    every(SAMPLE_EVERY_MS, () =>
      ledger.use((writer) => writer.recordSample({ at: clock(), networkBytes: takeNetworkBytes() })),
    ),
    every(REPORT_EVERY_MS, report),
    every(PRUNE_EVERY_MS, async () => {
      // A clock that is ahead would delete everything: time has come only as far as the stream has, too.
      if (retention === undefined || lag.reached === undefined) return
      const times = [clock(), lag.reached]
      // Nor does one that is behind make anything seem to be from a time to come.
      await prune(ledger, { before: Math.min(...times) - retention, now: Math.max(...times) }, end)
    }),
  ])
  for (const result of ended) if (result.status === 'rejected') throw result.reason
}

/** Folds what was left in the inbox, until nothing is. */
export async function fulfilWishes(ledger: Ledger): Promise<void> {
  for (;;) {
    const wishes = await ledger.use((writer) => writer.wishes(WISHES_AT_ONCE))
    if (wishes.length === 0) return
    await ledger.fold(wishes, undefined)
  }
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
    // The abort ends the wait; that is all that it means here.
    await sleep(ms, undefined, { signal }).catch(() => {})
  }
}
