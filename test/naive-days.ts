// Tallies of days as the rules say, added up from all records at once; the program's own arithmetic is not used.
import type { Nsid } from '../src/atproto/event.ts'
import type { RecordId } from '../src/atproto/uri.ts'
import type { Counts, DayTally } from '../src/game/days.ts'
import type { Facts } from '../src/game/rules/rule.ts'
import type { RecordState } from '../src/game/state.ts'
import { BASELINE, type ModelFacts, reasonOf } from './model/judge.ts'

/** As much of a record as says where and for what it counts. */
type Counted<F> = Pick<RecordState, 'live' | 'xp' | 'at' | 'claimed'> & { facts: F | undefined }

/** The reason for which a record counts. */
export type ReasonOf = (collection: Nsid, facts: Facts | undefined) => string

/** The tallies of all days on which live records of one person count, oldest first. */
export function naiveDays<F extends ModelFacts>(
  records: Iterable<readonly [Pick<RecordId, 'collection'>, Counted<F>]>,
  reasonFor: (collection: Nsid, facts: F | undefined) => string = reasonOf,
): DayTally[] {
  const days = new Map<number, { experience: number; claimed: number; counts: Map<string, number> }>()
  for (const [{ collection }, { live, xp, facts, at, claimed }] of records) {
    const reason = reasonFor(collection, facts)
    if (!live || collection === BASELINE || reason === 'tracked' || reason === 'unreadable') continue
    const on = claimed ?? Math.floor(at / 86_400)
    const day = days.get(on) ?? { experience: 0, claimed: 0, counts: new Map() }
    days.set(on, day)
    if (claimed === undefined) day.experience += xp
    else day.claimed += xp
    day.counts.set(reason, (day.counts.get(reason) ?? 0) + 1)
  }
  return [...days].sort(([a], [b]) => a - b).map(([day, tally]) => ({ day, ...tally }))
}

/** The sum of the counts of `days`. */
export function naiveCounts(days: readonly { counts: Counts }[]): Map<string, number> {
  const sums = new Map<string, number>()
  for (const [reason, n] of days.flatMap(({ counts }) => [...counts]))
    sums.set(reason, (sums.get(reason) ?? 0) + n)
  return sums
}

/** Entries in the order of their reasons. */
export function sorted(counts: Counts): [string, number][] {
  return [...counts].sort(([a], [b]) => (a < b ? -1 : 1))
}
