import { daysAround } from '../game/periods.ts'
import type { ActorState, RecordState } from '../game/state.ts'
import { type Day, dayOf } from '../game/time.ts'

/** Days to read of one person, from the first to the last. */
export type DaySpan = { first: Day; last: Day }

/**
 * The stored days that a batch needs of a person who has an operation on `day`, and of whom `records` were loaded; see
 * `Touched.days`. None in nearly all cases, where everything happens on the running day.
 */
export function spansToRead(
  { running, earlier }: Pick<ActorState, 'running' | 'earlier'>,
  day: Day,
  records: Iterable<Pick<RecordState, 'at' | 'claimed'>>,
): DaySpan[] {
  // Nobody without earlier records has a stored day.
  if (earlier.size === 0) return []
  const days = new Set<Day>()
  if (day < running.day) days.add(day)
  for (const { at, claimed } of records) {
    const counted = claimed ?? dayOf(at)
    if (counted < running.day) days.add(counted)
  }
  const spans: DaySpan[] = []
  for (const { first, last } of [...days].sort((a, b) => a - b).map(daysAround)) {
    const before = spans.at(-1)
    if (before !== undefined && first <= before.last) before.last = Math.max(before.last, last)
    else spans.push({ first, last })
  }
  return spans
}
