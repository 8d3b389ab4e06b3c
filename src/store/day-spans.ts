import type { Did } from '@atcute/lexicons/syntax'
import { daysAround } from '../game/periods.ts'
import type { ActorState, RecordState } from '../game/state.ts'
import { ALL_DAYS, type Day, type DaySpan, dayOf } from '../game/time.ts'
import type { Touched } from '../game/touched.ts'

/** What is loaded of people before their days. */
export type LoadedPeople = {
  state: (did: Did) => Pick<ActorState, 'running' | 'earlier'> | undefined
  /** The records that the batch has loaded of a person. */
  records: (did: Did) => Iterable<RecordState>
}

/** The stored days that a batch needs, of each person; see `Known.days`. */
export function* daysToRead(
  { days, allDays, whole }: Pick<Touched, 'days' | 'allDays' | 'whole'>,
  { state, records }: LoadedPeople,
): Generator<[Did, Readonly<DaySpan>]> {
  const everything = allDays.union(whole)
  for (const did of everything) {
    // Nobody without earlier records has a stored day.
    if (state(did)?.earlier.size) yield [did, ALL_DAYS]
  }
  for (const [day, dids] of days) {
    for (const did of dids) {
      const actor = state(did)
      // Nearly always: nothing of theirs has counted on an earlier day, or this is their first operation.
      if (actor === undefined || actor.earlier.size === 0 || everything.has(did)) continue
      for (const span of spansToRead(actor, day, records(did))) yield [did, span]
    }
  }
}

/**
 * The stored days that a batch needs of a person who has an operation on `day`, and of whom `records` were loaded; see
 * `Touched.days`. None in nearly all cases, where everything happens on the running day.
 */
export function spansToRead(
  { running, earlier }: Pick<ActorState, 'running' | 'earlier'>,
  day: Day,
  records: Iterable<Pick<RecordState, 'at' | 'claimed'>>,
): DaySpan[] {
  if (earlier.size === 0) return []
  let days: Set<Day> | undefined
  const need = (counted: Day): void => {
    if (counted < running.day) days = (days ?? new Set()).add(counted)
  }
  need(day)
  for (const { at, claimed } of records) need(claimed ?? dayOf(at))
  return days === undefined ? [] : spansAround(days)
}

/** The spans of days around these; those that meet are joined. */
function spansAround(days: ReadonlySet<Day>): DaySpan[] {
  const spans: DaySpan[] = []
  for (const { first, last } of [...days].sort((a, b) => a - b).map(daysAround)) {
    const before = spans.at(-1)
    if (before !== undefined && first <= before.last) before.last = Math.max(before.last, last)
    else spans.push({ first, last })
  }
  return spans
}
