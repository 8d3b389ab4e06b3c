// Days as weeks, from Monday to Sunday, UTC.
import type { ShownDay } from '../shown.ts'

const DAY_MS = 86_400_000

/** A week, by its Monday, with what each of its days brought; `undefined` for days outside the year. */
export type Week = { monday: string; days: (number | undefined)[]; experience: number }

/** The weeks of the year that ends `today`, oldest first: 53, or 54 where both ends are cut. */
export function weeksOf(days: readonly ShownDay[], today: string): Week[] {
  const earned = new Map(days.map(({ date, experience, claimed }) => [date, experience + claimed]))
  const last = Date.parse(today)
  const first = last - 365 * DAY_MS
  const weeks: Week[] = []
  for (let monday = first - dayOfWeek(first) * DAY_MS; monday <= last; monday += 7 * DAY_MS) {
    const values = Array.from({ length: 7 }, (_, n) => {
      const at = monday + n * DAY_MS
      return at < first || at > last ? undefined : (earned.get(dateOf(at)) ?? 0)
    })
    const experience = values.reduce<number>((sum, value) => sum + (value ?? 0), 0)
    weeks.push({ monday: dateOf(monday), days: values, experience })
  }
  return weeks
}

/** The date of a day of a week, 0 being Monday. */
export function dateIn({ monday }: Week, dayNumber: number): string {
  return dateOf(Date.parse(monday) + dayNumber * DAY_MS)
}

/** 0 for Mondays. */
function dayOfWeek(at: number): number {
  return (new Date(at).getUTCDay() + 6) % 7
}

function dateOf(at: number): string {
  return new Date(at).toISOString().slice(0, 10)
}
