import type { Micros } from '../atproto/event.ts'

/** What happened before `before` is old at `now`, by the stream's time. */
export type Expiry = { before: Micros; now: Micros }

/**
 * How many of the first of `entries`, which are in the order in which they were entered, have expired: up to the first that is
 * young, which stays, and so does what came after it. An entry from a time to come was entered while our clock was ahead; its
 * neighbours tell how old it is. One from long ago goes with those that it stands among.
 */
export function expiredCount<T>(
  entries: readonly T[],
  atOf: (entry: T) => Micros,
  { before, now }: Expiry,
): number {
  let count = 0
  for (const [index, entry] of entries.entries()) {
    const at = atOf(entry)
    if (at < before) count = index + 1
    else if (at <= now) break
  }
  return count
}
