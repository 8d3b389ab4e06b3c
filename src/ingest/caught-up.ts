import { setTimeout as sleep } from 'node:timers/promises'
import type { Micros } from '../atproto/event.ts'

/** A ledger that is no further behind the network counts as caught up. */
const MAX_BEHIND: Micros = 60_000_000
const LOOK_EVERY_MS = 1_000

/** Makes a function that resolves once `behind` is small, however many callers wait. It throws its signal's reason. */
export function caughtUpBy(
  behind: () => Micros,
  wait: (ms: number) => Promise<unknown> = sleep,
): (signal: AbortSignal) => Promise<void> {
  let waiting: Promise<unknown> | undefined
  return async (signal) => {
    signal.throwIfAborted()
    while (behind() > MAX_BEHIND) {
      waiting ??= wait(LOOK_EVERY_MS).finally(() => {
        waiting = undefined
      })
      await waiting
      signal.throwIfAborted()
    }
  }
}
