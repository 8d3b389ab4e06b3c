/**
 * How many of the first of `entries`, which are in the order in which they were entered, have expired. An entry's own time
 * may be wrong, so that its neighbours have a say: the beginning goes in which the old outnumber the young by most, and
 * neither one from a time to come keeps all after it, nor one from long ago takes all before it along.
 */
export function expiredCount<T>(entries: readonly T[], isOld: (entry: T) => boolean): number {
  let score = 0
  let best = 0
  let count = 0
  for (const [index, entry] of entries.entries()) {
    score += isOld(entry) ? 1 : -1
    if (score <= best) continue
    best = score
    count = index + 1
  }
  return count
}
