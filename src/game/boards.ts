// Boards of a period: who earned most in an ISO week or a calendar month (UTC). Periods are whole numbers here and in the
// stores, and text such as 2026-W48 and 2026-11 in addresses.
import { dayOfMonth, dayOfWeek, monthOf, weekOf } from './periods.ts'
import { DAY_MS, type Day } from './time.ts'

/**
 * `week` and `month`: by the XP of live records that were first witnessed in it. `described`: by the number of live posts, first
 * witnessed in the month, of which all media are described.
 */
export type BoardKind = 'week' | 'month' | 'described'

export const BOARD_KINDS: readonly BoardKind[] = ['week', 'month', 'described']

/** The board of one period, counted as in periods.ts. */
export type PeriodBoard = { kind: BoardKind; period: number }

/** What a person who is shown has on a board: nobody with 0 is on it. */
export type Standing = PeriodBoard & { earned: number }

/** The unit of time of a board's periods. */
export function unitOf(kind: BoardKind): 'week' | 'month' {
  return kind === 'week' ? 'week' : 'month'
}

/** The period of this kind in which `day` lies. */
export function periodOf(kind: BoardKind, day: Day): number {
  return kind === 'week' ? weekOf(day) : monthOf(day)
}

/** The period's first day, and the first day after it. */
export function daysIn({ kind, period }: PeriodBoard): { from: Day; to: Day } {
  const first = kind === 'week' ? dayOfWeek : dayOfMonth
  return { from: first(period), to: first(period + 1) }
}

/** `2026-W48` or `2026-11`. */
export function periodName({ kind, period }: PeriodBoard): string {
  if (kind !== 'week') return dateOf(dayOfMonth(period)).slice(0, 7)
  // An ISO week belongs to the year of its Thursday.
  const thursday = dayOfWeek(period) + 3
  const year = dateOf(thursday).slice(0, 4)
  const number = weekOf(thursday) - firstWeekOf(year) + 1
  return `${year}-W${String(number).padStart(2, '0')}`
}

/** Reads `2026-W48` or `2026-11`; `undefined` where there is no such period of this kind. */
export function readPeriod(kind: BoardKind, name: string): number | undefined {
  const pattern = kind === 'week' ? /^(\d{4})-W(\d{2})$/ : /^(\d{4})-(\d{2})$/
  const [, year = '', number] = pattern.exec(name) ?? []
  if (year < '1970' || number === undefined) return undefined
  const first = kind === 'week' ? firstWeekOf(year) : monthOf(0) + (Number(year) - 1970) * 12
  const period = first + Number(number) - 1
  // A year has 52 or 53 weeks.
  return periodName({ kind, period }) === name ? period : undefined
}

/** `YYYY-MM-DD`. */
export function dateOf(day: Day): string {
  return new Date(day * DAY_MS).toISOString().slice(0, 10)
}

/** 4 January is always in the first week of its year. */
function firstWeekOf(year: string): number {
  return weekOf(Date.parse(`${year}-01-04`) / DAY_MS)
}
