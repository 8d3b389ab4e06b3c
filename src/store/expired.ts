import type { Micros } from '../atproto/event.ts'

/** An entry from before `before` is old; one from after `now` lies in the future, by every clock that we have. */
export type Expiry = { before: Micros; now: Micros }

/**
 * How many of the first of `entries`, given in the order of their entry, have expired. The first young entry stays, and so do
 * all after it. A future entry was made while our clock was ahead, so its age is judged by its neighbours: of the entries
 * before the first young one, the count is that at which old ones outnumber future ones by most. So one future entry does not
 * keep all entries after it, and one old entry does not take many future ones along.
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
