// What a character has earned in the ISO week and in the calendar month (UTC) that are under way. A record belongs to the
// periods of its own time of witness, whenever it is edited, judged again or deleted.
import { DAY_MS, type Day, dayOf, type Seconds } from './time.ts'

export type Periods = {
  /** The latest day on which something was earned: it tells which week and which month these are. */
  day: Day
  /** XP of live records of that day's ISO week, and of its month. */
  week: number
  month: number
}

export const NO_PERIODS: Periods = { day: 0, week: 0, month: 0 }

/** ISO weeks begin on Mondays, and the epoch was a Thursday; counted from the epoch's own week. */
function weekOf(day: Day): number {
  return Math.floor((day + 3) / 7)
}

/** Months counted from January of the year 0. */
function monthOf(day: Day): number {
  const date = new Date(day * DAY_MS)
  return date.getUTCFullYear() * 12 + date.getUTCMonth()
}

/** `periods` after a record that was witnessed at `at` has come to be worth `delta` XP more, or less. */
export function earned(periods: Periods, at: Seconds, delta: number): Periods {
  const day = dayOf(at)
  // Nearly always the same day as before.
  if (day === periods.day) return { day, week: periods.week + delta, month: periods.month + delta }
  const { day: latest, week, month } = day > periods.day ? { day, ...asOf(periods, day) } : periods
  return {
    day: latest,
    week: weekOf(day) === weekOf(latest) ? week + delta : week,
    month: monthOf(day) === monthOf(latest) ? month + delta : month,
  }
}

/** What `periods` amount to on `day`, in its own week and month: nothing where those have begun since. */
function asOf(periods: Periods, day: Day): { week: number; month: number } {
  return {
    week: weekOf(periods.day) === weekOf(day) ? periods.week : 0,
    month: monthOf(periods.day) === monthOf(day) ? periods.month : 0,
  }
}
