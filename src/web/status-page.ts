// How this server has done over the last day. It works without script, and names nobody.
import type { Micros } from '../atproto/event.ts'
import { iso } from '../game/time.ts'
import type { Gap } from '../store/status.ts'
import { clockTime, count, lasting } from './format.ts'
import { type Html, html } from './html.ts'
import { layout, type Site } from './layout.ts'

/** The status of some minutes. */
export type HistorySlot = {
  /** When they begin, in microseconds. */
  from: Micros
  /** The furthest that the ledger was seen behind the network, in microseconds; `undefined` before the first event. */
  lag: Micros | undefined
  /** Entries of the ledger a minute, over the hour before; `undefined` while the store does not know. */
  entriesPerMinute: number | undefined
  /** Bytes on disk at the end; `undefined` where the store cannot tell. */
  diskBytes: number | undefined
  /** Requests to the database that were repeated; `undefined` where ingest is another process. */
  retries: number | undefined
}

export type StatusPageOptions = {
  site: Site
  now: Micros
  /** Why the ledger is not up to date; empty if it is. */
  reasons: readonly string[]
  /** The time of the last event in the ledger, as an ISO time. */
  reached: string | undefined
  /** Of the last day, oldest first; those that nobody watched are absent. */
  slots: readonly HistorySlot[]
  /** The newest gaps of the stream, newest first. */
  gaps: readonly Gap[]
}

const DAY: Micros = 86_400_000_000
const HEIGHT = 100
const MAX_GAPS = 20
/** Slots further apart than this are not joined by a line: nobody watched in between. */
const MAX_STEP: Micros = 600_000_000
const BAR: Micros = 300_000_000

export function statusPage({ site, now, reasons, reached, slots, gaps }: StatusPageOptions): string {
  const kept = { now, slots }
  return layout({
    site,
    title: 'Status · bsky-rpg',
    description: 'How far behind the network this server is, and how it did over the last day.',
    path: '/status',
    styles: ['prose.css', 'chart.css', 'status.css'],
    main: html`<h1>Status</h1>
<p class="status-lead">${reasons.length === 0 ? 'The ledger keeps up with the network.' : 'The ledger does not keep up with the network.'}${reached !== undefined && html` Its last event is of ${clockTime(reached)} UTC on ${reached.slice(0, 10)}.`}</p>
${reasons.length > 0 && html`<ul>${reasons.map((reason) => html`<li>${reason}</li>`)}</ul>`}
<div class="status-charts">
${chart({ ...kept, id: 'lag', title: 'Behind the network', value: ({ lag }) => lag, shown: lasting, form: 'line', unknown: 'Not known yet.' })}
${chart({ ...kept, id: 'entries', title: 'Entries a minute', value: ({ entriesPerMinute }) => entriesPerMinute, shown: (n) => count(Math.round(n)), form: 'line', unknown: 'Not known yet.' })}
${chart({ ...kept, id: 'disk', title: 'On disk', value: ({ diskBytes }) => diskBytes, shown: bytes, form: 'line' })}
${chart({ ...kept, id: 'retries', title: 'Database retries', value: ({ retries }) => retries, shown: count, form: 'bars' })}
</div>
${gapTable(gaps)}
<p class="soft status-note">The last day in steps of five minutes, since this process began; times are UTC. For programs: <a href="/v1/stats">/v1/stats</a> and <a href="/readyz">/readyz</a>.</p>`,
  })
}

type ChartOptions = Pick<StatusPageOptions, 'now' | 'slots'> & {
  id: string
  title: string
  value: (slot: HistorySlot) => number | undefined
  shown: (value: number) => string
  form: 'line' | 'bars'
  /** What it says without any value. */
  unknown?: string
}

type Point = { at: Micros; value: number }

/** The last day, from left to right; what is not known is left out. */
function chart({
  id,
  title,
  now,
  slots,
  value,
  shown,
  form,
  unknown = 'Not known here.',
}: ChartOptions): Html {
  const begin = now - DAY
  const points = slots.flatMap((slot): Point[] => {
    const known = value(slot)
    return known === undefined || slot.from < begin - BAR
      ? []
      : [{ at: Math.max(slot.from, begin), value: known }]
  })
  const last = points.at(-1)
  const heading = html`<h2 id="${id}">${title}</h2>`
  if (last === undefined) {
    return html`<section class="card chart-card" aria-labelledby="${id}">${heading}<p class="soft">${unknown}</p></section>`
  }
  const most = Math.max(...points.map((point) => point.value))
  const scale = most === 0 ? 1 : most
  const x = (at: Micros) => round(((at - begin) / DAY) * 288)
  const y = (of: number) => round(HEIGHT - (of / scale) * HEIGHT)
  const label = `${title} over the last day: ${shown(last.value)} now, at most ${shown(most)}`
  const drawn =
    form === 'line'
      ? html`<path class="chart-line chart-line-thin" d="${lineOf(points, x, y)}"/>`
      : points.map(
          (point) =>
            point.value > 0 &&
            html`<rect class="chart-bar-now" x="${x(point.at)}" width="0.9" y="${y(point.value)}" height="${round(HEIGHT - y(point.value))}"/>`,
        )
  return html`<section class="card chart-card" aria-labelledby="${id}"><div class="row">${heading}<small class="soft">now ${shown(last.value)}</small></div>
<svg class="chart" viewBox="0 0 288 ${HEIGHT}" preserveAspectRatio="none" role="img" aria-label="${label}"><path class="chart-grid" d="M0 ${HEIGHT}H288"/>${drawn}</svg>
<div class="months" aria-hidden="true">${[24, 18, 12, 6, 0].map((hours) => html`<span>${hours === 0 ? 'now' : `−${hours} h`}</span>`)}</div>
<p class="legend"><span>at most ${shown(most)}</span></p></section>`
}

function lineOf(points: readonly Point[], x: (at: Micros) => number, y: (value: number) => number): string {
  return points
    .map(({ at, value }, n) => {
      const before = points[n - 1]
      const isJoined = before !== undefined && at - before.at <= MAX_STEP
      // A line of one point has to go somewhere to be seen.
      return isJoined ? `L${x(at)} ${y(value)}` : `M${x(at)} ${y(value)}h0.9`
    })
    .join('')
}

function gapTable(gaps: readonly Gap[]): Html {
  if (gaps.length === 0) {
    return html`<section class="card"><h2>Gaps</h2><p>No piece of the stream was ever missed.</p></section>`
  }
  const rows = gaps
    .slice(0, MAX_GAPS)
    .map(
      ({ host, reason, from, to }) =>
        html`<tr><td class="num">${moment(from)}</td><td class="num">${to === undefined ? 'not known' : moment(to)}</td><td>${reason}</td><td>${host}</td></tr>\n`,
    )
  return html`<section class="card"><h2>Gaps</h2><p>Pieces of the stream that this server missed, the newest first${gaps.length > MAX_GAPS && ` ${MAX_GAPS}`}. What happened in them is not counted.</p>
<div class="status-gaps" role="region" aria-label="Gaps" tabindex="0"><table><thead><tr><th scope="col">From</th><th scope="col">To</th><th scope="col">Why</th><th scope="col">Host</th></tr></thead><tbody>${rows}</tbody></table></div></section>`
}

/** `2026-11-26 18:24` */
function moment(at: Micros): string {
  return iso(at).slice(0, 16).replace('T', ' ')
}

const UNITS = ['B', 'kB', 'MB', 'GB', 'TB'] as const

/** `1.4 GB`, in powers of a thousand. */
function bytes(n: number): string {
  const power = n < 1 ? 0 : Math.min(UNITS.length - 1, Math.floor(Math.log10(n) / 3))
  const value = n / 1_000 ** power
  return `${value < 10 && power > 0 ? value.toFixed(1) : Math.round(value)} ${UNITS[power]}`
}

function round(value: number): number {
  return Math.round(value * 100) / 100
}
