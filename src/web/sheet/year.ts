import { count, counted, day } from '../format.ts'
import { type Html, html } from '../html.ts'
import { dateIn, type Week } from './weeks.ts'

const WEEKDAYS = ['Monday', 'Tuesday', 'Wednesday', 'Thursday', 'Friday', 'Saturday', 'Sunday']
const MONTHS = ['Jan', 'Feb', 'Mar', 'Apr', 'May', 'Jun', 'Jul', 'Aug', 'Sep', 'Oct', 'Nov', 'Dec']
/** Shades of days that brought something. */
const SHADES = 4

/** A year of days as a table: a column a week, a row a weekday, and in each cell the experience of that day. */
export function year(weeks: readonly Week[], today: string): Html {
  const values = weeks.flatMap((week) => week.days).filter((value) => value !== undefined && value > 0)
  const active = values as number[]
  const shade = shadesOf(active)
  return html`<section class="card full" aria-labelledby="year-title">
<div class="row"><h2 id="year-title">A year of days</h2><small class="soft">${summary(weeks, active, today)}</small></div>
<div class="year-scroll" tabindex="0" role="region" aria-label="A year of days, to be scrolled"><table class="year">
<caption class="hidden">Experience by day over the last year, UTC: a column a week, a row a weekday</caption>
<thead><tr><td></td>${weeks.map((week, index) => heading(week, weeks[index - 1]))}</tr></thead>
<tbody>${WEEKDAYS.map((name, n) => row(name, n, weeks, shade, today))}</tbody></table></div></section>`
}

function summary(weeks: readonly Week[], active: readonly number[], today: string): string {
  if (active.length === 0) return 'nothing yet'
  const best = Math.max(...active)
  const week = weeks.find(({ days }) => days.includes(best)) as Week
  const date = day(dateIn(week, week.days.indexOf(best)), today)
  return `${counted(active.length, 'active day')} · best day ${date}, ${count(best)} XP`
}

/** The week's Monday for screen readers, and the month's name where one begins. */
function heading(week: Week, before: Week | undefined): Html {
  const month = week.monday.slice(5, 7)
  const begins = before === undefined || before.monday.slice(5, 7) !== month
  return html`<th scope="col"><span class="hidden">${week.monday}</span>${begins && before !== undefined && html`<span aria-hidden="true">${MONTHS[Number(month) - 1]}</span>`}</th>`
}

function row(
  name: string,
  weekday: number,
  weeks: readonly Week[],
  shade: (value: number) => number,
  today: string,
): Html {
  const cells = weeks.map((week) => {
    const value = week.days[weekday]
    if (value === undefined) return html`<td class="none"></td>`
    if (value <= 0) return html`<td></td>`
    const date = day(dateIn(week, weekday), today)
    return html`<td class="h${shade(value)}" title="${date}: ${count(value)} XP"><span class="hidden">${value}</span></td>`
  })
  return html`<tr><th scope="row"><span class="${weekday % 2 === 0 ? '' : 'hidden'}">${name.slice(0, 3)}</span></th>${cells}</tr>\n`
}

/** Shades by rank rather than by amount: one day far above all others does not make them pale. */
function shadesOf(active: readonly number[]): (value: number) => number {
  const sorted = active.toSorted((a, b) => a - b)
  const bounds = Array.from(
    { length: SHADES - 1 },
    (_, n) => sorted[Math.floor(((n + 1) * sorted.length) / SHADES)] ?? Number.POSITIVE_INFINITY,
  )
  return (value) => 1 + bounds.filter((bound) => value >= bound).length
}
