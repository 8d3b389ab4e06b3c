import { count, day } from '../format.ts'
import { type Html, html } from '../html.ts'
import type { Week } from './weeks.ts'

const HEIGHT = 100
/** A newcomer's chart has so many weeks, also while most of them are empty. */
const MIN_WEEKS = 8
/** The most weeks whose dates are written with their day: of more, the months differ. */
const MAX_DATED_WEEKS = 26
const MONTH = new Intl.DateTimeFormat('en-GB', { month: 'short', timeZone: 'UTC' })
const DATE = new Intl.DateTimeFormat('en-GB', { day: 'numeric', month: 'short', timeZone: 'UTC' })

export type ChartOptions = {
  weeks: readonly Week[]
  /** All experience now, at the end of the last week. */
  experience: number
  bestWeek: { week: string; experience: number } | null
  today: string
}

/** Experience by week as bars, and the total as a line over them. The year's table has the same numbers. */
export function chart({ weeks: year, experience, bestWeek, today }: ChartOptions): Html {
  const weeks = fromFirst(year, experience)
  const totals = totalsOf(weeks, experience)
  const most = Math.max(1, ...weeks.map((week) => week.experience))
  const bars = weeks.map((week, n) => {
    const height = Math.max(0, (week.experience / most) * HEIGHT)
    if (height === 0) return undefined
    return html`<rect class="${n === weeks.length - 1 ? 'chart-bar-now' : 'chart-bar'}" x="${n + 0.15}" width="0.7" y="${round(HEIGHT - height)}" height="${round(height)}"><title>week of ${day(week.monday, today)}: ${count(week.experience)} XP</title></rect>`
  })
  const top = Math.max(1, ...totals)
  const line = totals
    .map((total, n) => `${n === 0 ? 'M' : 'L'}${round(n + 0.5)} ${round(HEIGHT - (total / top) * HEIGHT)}`)
    .join('')
  const label = `Experience by week over ${weeks.length} weeks, and its total, which is ${count(experience)} now`
  return html`<section class="card half chart-card" aria-labelledby="chart-title"><div class="row"><h2 id="chart-title">Experience</h2><small class="soft">${bestWeek !== null && `best week ${bestWeek.week}: ${count(bestWeek.experience)} XP`}</small></div>
<svg class="chart" viewBox="0 0 ${weeks.length} ${HEIGHT}" preserveAspectRatio="none" role="img" aria-label="${label}">
<path class="chart-grid" d="M0 ${HEIGHT}H${weeks.length}"/>${bars}
<path class="chart-area" d="${line}V${HEIGHT}H0.5Z"/><path class="chart-line" d="${line}"/></svg>
<div class="months" aria-hidden="true">${months(weeks)}</div>
<p class="legend"><span><span class="key key-week"></span>by week, at most ${count(most)} XP</span><span><span class="key"></span>in all, ${count(experience)} XP</span></p></section>`
}

/** The total at the end of each week, from what there is now. */
function totalsOf(weeks: readonly Week[], experience: number): number[] {
  const totals: number[] = []
  let total = experience
  for (const week of weeks.toReversed()) {
    totals.push(Math.max(0, total))
    total -= week.experience
  }
  return totals.reverse()
}

/** The weeks from the first that brought something on; all of them where there was something before. */
function fromFirst(weeks: readonly Week[], experience: number): readonly Week[] {
  const brought = weeks.reduce((sum, week) => sum + week.experience, 0)
  if (brought < experience) return weeks
  const first = weeks.findIndex((week) => week.experience > 0)
  return weeks.slice(Math.min(first === -1 ? weeks.length : first, weeks.length - MIN_WEEKS))
}

/** Five dates, evenly. */
function months(weeks: readonly Week[]): Html[] {
  const format = weeks.length > MAX_DATED_WEEKS ? MONTH : DATE
  return [0, 0.25, 0.5, 0.75, 1].map((share) => {
    const { monday = '' } = weeks[Math.round(share * (weeks.length - 1))] ?? {}
    return html`<span>${format.format(Date.parse(monday))}</span>`
  })
}

function round(value: number): number {
  return Math.round(value * 100) / 100
}
