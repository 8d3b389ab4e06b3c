// A dashboard as one SVG, drawn from series: to show in the docs what Grafana shows, where there is no Grafana.
import type { Dashboard, Panel, Unit } from './panel.ts'

/** A series of a panel; `points` are Unix seconds and values, without gaps. */
export type Series = { name: string; points: readonly (readonly [time: number, value: number])[] }

export type PictureOptions = {
  dashboard: Dashboard
  /** The series of a panel. */
  seriesOf: (panel: Panel) => readonly Series[]
  /** What is drawn, in Unix seconds. */
  from: number
  to: number
  /** Below the title: where the series are from. */
  note: string
}

const WIDTH = 1_200
const GAP = 10
const CELL = WIDTH / 24
const HEIGHTS = { lines: 190, areas: 190, bars: 330, number: 74 } as const
const COLOURS = [
  '#1260b8',
  '#b18315',
  '#2a6b39',
  '#a3352f',
  '#7043ab',
  '#176767',
  '#9b327b',
  '#95480f',
  '#57606f',
]
/** Series that a panel has room for in its legend. */
const MAX_NAMED = 8

/** The whole document. */
export function picture({ dashboard, seriesOf, from, to, note }: PictureOptions): string {
  const parts: string[] = []
  let y = 64
  for (const row of dashboard.rows) {
    parts.push(text(GAP, y + 14, row.title, 'row'))
    y += 24
    let [x, height] = [0, 0]
    for (const panel of row.panels) {
      const [width, tall] = [panel.width * CELL, HEIGHTS[panel.kind]]
      if (x + width > WIDTH) {
        y += height + GAP
        ;[x, height] = [0, 0]
      }
      const inner = draw(panel, seriesOf(panel), { width: width - GAP, height: tall, from, to })
      parts.push(`<g transform="translate(${x + GAP / 2} ${y})">${inner}</g>`)
      x += width
      height = Math.max(height, tall)
    }
    y += height + GAP * 2
  }
  return `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${WIDTH} ${y}" font-family="system-ui, sans-serif" font-size="11">
<title>${dashboard.title}: ${note}</title>
<style>.title{font-size:20px;font-weight:600}.row{font-size:14px;font-weight:600}.head{font-weight:600}.soft{fill:#585f6c}.big{font-size:26px;font-weight:600}</style>
<rect width="${WIDTH}" height="${y}" fill="#f7f3ea"/>
${text(GAP, 28, dashboard.title, 'title')}${text(GAP, 48, note, 'soft')}
${parts.join('\n')}
</svg>
`
}

type Frame = { width: number; height: number; from: number; to: number }

function draw(panel: Panel, series: readonly Series[], frame: Frame): string {
  const { width, height } = frame
  const card = `<rect width="${width}" height="${height}" rx="6" fill="#fffdf8" stroke="#e3dccb"/>`
  const head = text(10, 18, panel.title, 'head')
  switch (panel.kind) {
    case 'number':
      return card + head + bigNumber(panel, series, frame)
    case 'bars':
      return card + head + bars(panel, series, frame)
    case 'lines':
    case 'areas':
      return card + head + lines(panel, series, frame)
  }
}

function bigNumber({ unit, worrying }: Panel, [series]: readonly Series[], frame: Frame): string {
  const value = last(series)
  const isBad = worrying !== undefined && value !== undefined && value > worrying
  const fill = worrying === undefined ? '#1e222a' : isBad ? '#a3352f' : '#2a6b39'
  const spark = { ...frame, height: 22 }
  const line = series === undefined ? '' : path(series, spark, [0, highest([series])])
  return `<g transform="translate(0 46)" opacity="0.35"><path d="${line}" fill="none" stroke="${fill}"/></g><text x="10" y="52" class="big" fill="${fill}">${value === undefined ? 'no data' : shown(value, unit)}</text>`
}

function bars({ unit }: Panel, series: readonly Series[], { width, height }: Frame): string {
  const ordered = [...series].sort((a, b) => Number.parseInt(a.name, 10) - Number.parseInt(b.name, 10))
  const most = highest(ordered)
  const each = (height - 34) / Math.max(1, ordered.length)
  return ordered
    .map((one, n) => {
      const [y, value] = [26 + n * each, last(one) ?? 0]
      const length = (value / most) * (width - 150)
      const thick = Math.max(2, each - 3).toFixed(1)
      return `<rect x="70" y="${y.toFixed(1)}" width="${length.toFixed(1)}" height="${thick}" fill="${COLOURS[1]}"/>${text(10, y + each / 2 + 3, one.name, 'soft')}${text(76 + length, y + each / 2 + 3, shown(value, unit), 'soft')}`
    })
    .join('')
}

function lines({ kind, unit }: Panel, series: readonly Series[], frame: Frame): string {
  const drawn = [...series].sort((a, b) => (last(b) ?? 0) - (last(a) ?? 0))
  const sums = kind === 'areas' ? stacked(drawn) : drawn
  const most = highest(sums)
  const legendHeight = 14 * Math.ceil(Math.min(drawn.length, MAX_NAMED) / 2)
  const plot = { ...frame, width: frame.width - 66, height: frame.height - 48 - legendHeight }
  const grid = [0, 0.5, 1].map((share) => {
    const y = plot.height * (1 - share)
    return `<path d="M0 ${y.toFixed(1)}H${plot.width}" stroke="#e3dccb"/><text x="-6" y="${(y + 4).toFixed(1)}" text-anchor="end" class="soft">${shown(most * share, unit)}</text>`
  })
  const paths = sums.map((one, n) => {
    const [line, colour] = [path(one, plot, [0, most]), COLOURS[n % COLOURS.length]]
    const below = n === 0 || kind !== 'areas' ? undefined : sums[n - 1]
    const area = kind === 'areas' ? areaOf(one, below, plot, most) : ''
    return `${area === '' ? '' : `<path d="${area}" fill="${colour}" opacity="0.35"/>`}<path d="${line}" fill="none" stroke="${colour}" stroke-width="1.5"/>`
  })
  const legend = drawn.slice(0, MAX_NAMED).map((one, n) => {
    const [x, y] = [
      10 + (n % 2) * ((frame.width - 20) / 2),
      frame.height - legendHeight + 6 + 14 * Math.floor(n / 2),
    ]
    const name = one.name.length > 26 ? `${one.name.slice(0, 25)}…` : one.name
    return `<rect x="${x}" y="${y - 8}" width="8" height="8" fill="${COLOURS[n % COLOURS.length]}"/>${text(x + 13, y, `${name} ${shown(last(one) ?? 0, unit)}`, 'soft')}`
  })
  const none = series.length === 0 ? text(10, 40, 'no data', 'soft') : ''
  return `<g transform="translate(58 28)">${grid.join('')}${paths.join('')}</g>${legend.join('')}${none}`
}

/** Each series on top of those before it. Their points have the same times, or are missing at the beginning. */
function stacked(series: readonly Series[]): Series[] {
  const sums = new Map<number, number>()
  return series.map(({ name, points }) => ({
    name,
    points: points.map(([time, value]) => {
      const sum = (sums.get(time) ?? 0) + value
      sums.set(time, sum)
      return [time, sum] as const
    }),
  }))
}

function path({ points }: Series, frame: Frame, [low, high]: readonly [number, number]): string {
  return points
    .map(([time, value], n) => `${n === 0 ? 'M' : 'L'}${at(time, value, frame, low, high)}`)
    .join('')
}

function areaOf(upper: Series, lower: Series | undefined, frame: Frame, high: number): string {
  if (upper.points.length === 0) return ''
  const under = new Map(lower?.points ?? [])
  const back = [...upper.points].reverse().map(([time]) => at(time, under.get(time) ?? 0, frame, 0, high))
  return `${path(upper, frame, [0, high])}L${back.join('L')}Z`
}

function at(
  time: number,
  value: number,
  { width, height, from, to }: Frame,
  low: number,
  high: number,
): string {
  const x = ((time - from) / (to - from)) * width
  const y = height - ((value - low) / (high - low)) * height
  return `${x.toFixed(1)} ${y.toFixed(1)}`
}

function last(series: Series | undefined): number | undefined {
  return series?.points.at(-1)?.[1]
}

/** The top of the axis; 1 where everything is 0. */
function highest(series: readonly Series[]): number {
  const most = Math.max(0, ...series.flatMap(({ points }) => points.map(([, value]) => value)))
  return most === 0 ? 1 : most
}

/** A value with its unit, in three digits. */
function shown(value: number, unit: Unit): string {
  switch (unit) {
    case 's':
      return value < 1 ? `${three(value * 1_000)} ms` : `${three(value)} s`
    case 'bytes':
    case 'Bps': {
      const power = value < 1 ? 0 : Math.min(4, Math.floor(Math.log2(value) / 10))
      return `${three(value / 1_024 ** power)} ${['B', 'KiB', 'MiB', 'GiB', 'TiB'][power]}${unit === 'Bps' ? '/s' : ''}`
    }
    case 'percentunit':
      return `${three(value * 100)} %`
    case 'ops':
      return `${three(value)}/s`
    case 'short':
      return value >= 100_000 ? `${three(value / 1_000)} k` : three(value)
  }
}

function three(value: number): string {
  if (value >= 1_000) return Math.round(value).toLocaleString('en')
  return String(Number(value.toPrecision(3)))
}

function text(x: number, y: number, words: string, style: string): string {
  const safe = words.replaceAll('&', '&amp;').replaceAll('<', '&lt;')
  return `<text x="${x.toFixed(1)}" y="${y.toFixed(1)}" class="${style}">${safe}</text>`
}
