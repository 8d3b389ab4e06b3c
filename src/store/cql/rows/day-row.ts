import type { Did } from '../../../atproto/event.ts'
import { type Counts, type DayTally, NO_COUNTS, type Tally } from '../../../game/days.ts'
import type { Day } from '../../../game/time.ts'
import type { Row } from '../driver/paging.ts'
import { numberOf } from '../driver/values.ts'
import { type Mutation, rowMutation, type Value } from './mutations.ts'

/** Reads a row of `days`. */
export function readDay(row: Row): DayTally {
  return {
    day: numberOf(row.day),
    experience: numberOf(row.experience),
    claimed: numberOf(row.claimed),
    counts: readCounts(row.counts),
  }
}

/** Writes the row of a day; drops it where nothing is left of the day. */
export function dayMutation(did: Did, day: Day, { experience, claimed, counts }: Tally): Mutation {
  if (counts.size === 0) return ['dropDay', did, day]
  return rowMutation('day', { did, day, experience, claimed, counts: writeCounts(counts) })
}

/** Reads a map of counts; null, as in rows that are older than the column, where there are none. */
export function readCounts(value: unknown): Counts {
  if (value === null || value === undefined) return NO_COUNTS
  return new Map(Object.entries(value as Record<string, unknown>).map(([reason, n]) => [reason, numberOf(n)]))
}

export function writeCounts(counts: Counts): Value {
  return Object.fromEntries(counts)
}
