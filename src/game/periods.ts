// XP that a character has earned in the current ISO week and calendar month (UTC). A record belongs to the periods of its
// first witness time, whenever it is edited, recomputed or deleted.
import { DAY_MS, type Day, type DaySpan, dayOf, type Seconds } from './time.ts'

export type Periods = {
  /** The latest day on which something was earned, which says which week and month these are. */
  day: Day
  /** XP of live records of that day's ISO week, and of its month. */
  week: number
  month: number
}

export const NO_PERIODS: Periods = { day: 0, week: 0, month: 0 }

/** The first and the last day of the ISO week and the month around `day`, whichever reach further. */
export function daysAround(day: Day): DaySpan {
  const monday = weekOf(day) * 7 - 3
  const date = new Date(day * DAY_MS)
  const monthAt = (next: number) => Date.UTC(date.getUTCFullYear(), date.getUTCMonth() + next, 1) / DAY_MS
  return { first: Math.min(monday, monthAt(0)), last: Math.max(monday + 6, monthAt(1) - 1) }
}

/** Weeks counted from the epoch's own. ISO weeks begin on Mondays, and the epoch was a Thursday. */
export function weekOf(day: Day): number {
  return Math.floor((day + 3) / 7)
}

/** Months counted from January of the year 0. */
export function monthOf(day: Day): number {
  if (day !== latestDay) {
    const date = new Date(day * DAY_MS)
    latestMonth = date.getUTCFullYear() * 12 + date.getUTCMonth()
    latestDay = day
  }
  return latestMonth
}

/** The result of the last call of `monthOf`: nearly all events are of one day. */
let latestDay: Day = Number.NaN
let latestMonth = Number.NaN

/** The Monday with which a week begins; see `weekOf`. */
export function dayOfWeek(week: number): Day {
  return week * 7 - 3
}

/** The first day of a month; see `monthOf`. */
export function dayOfMonth(month: number): Day {
  return Date.UTC(Math.floor(month / 12), month % 12) / DAY_MS
}

/** `periods` after a record first witnessed at `at` has gained `delta` XP, which may be negative. */
export function earned(periods: Periods, at: Seconds, delta: number): Periods {
  const day = dayOf(at)
  // The fast path, nearly always: the same day as before.
  if (day === periods.day) return { day, week: periods.week + delta, month: periods.month + delta }
  const { day: latest, week, month } = day > periods.day ? { day, ...asOf(periods, day) } : periods
  return {
    day: latest,
    week: weekOf(day) === weekOf(latest) ? week + delta : week,
    month: monthOf(day) === monthOf(latest) ? month + delta : month,
  }
}

/** The sums as of a later `day`: 0 where its week or month has begun since. */
function asOf(periods: Periods, day: Day): { week: number; month: number } {
  return {
    week: weekOf(periods.day) === weekOf(day) ? periods.week : 0,
    month: monthOf(periods.day) === monthOf(day) ? periods.month : 0,
  }
}
