import type { Micros } from '../atproto/event.ts'

/** What happened before `before` is old; what happened after `now` has not yet come, as far as anything knows. */
export type Expiry = { before: Micros; now: Micros }

/**
 * How many of the first of `entries`, which are in the order in which they were entered, have expired. The first that is young
 * stays, and so does what came after it. An entry from a time to come was entered while our clock was ahead, and its neighbours
 * tell how old it is: of what stands before the first young one, the beginning goes in which the old outnumber those by most.
 * So neither one from a time to come keeps all after it, nor one from long ago takes many of those along.
 */
export function expiredCount<T>(
  entries: readonly T[],
  atOf: (entry: T) => Micros,
  { before, now }: Expiry,
): number {
  let score = 0
  let best = 0
  let count = 0
  for (const [index, entry] of entries.entries()) {
    const at = atOf(entry)
    const isOld = at < before
    if (!isOld && at <= now) break
    score += isOld ? 1 : -1
    if (score <= best) continue
    best = score
    count = index + 1
  }
  return count
}
