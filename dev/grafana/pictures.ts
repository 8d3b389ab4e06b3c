// Draws the dashboards for the docs: `npm run dashboards:pictures -- 180` watches a server over a simulated network for so many
// seconds with a real Prometheus, then two workers of a cluster in memory, and draws what that has of every panel.
import { mkdirSync, writeFileSync } from 'node:fs'
import { type Observed, type ObserveOptions, observe } from '../../test/operating/observed.ts'
import { filledIn, SCRAPE_SECONDS } from '../../test/operating/prometheus.ts'
import { dashboards } from './dashboards.ts'
import type { Panel, Query } from './panel.ts'
import { picture, type Series } from './picture.ts'

const seconds = Number(process.argv[2] ?? 180)
const FOLDER = new URL('../../docs/dashboards/', import.meta.url)
const STEP_SECONDS = 2

mkdirSync(FOLDER, { recursive: true })
await draw(
  ['network-now', 'operations'],
  { rate: 200, workers: 0 },
  `A server over a simulated network of 200 events a second`,
)
await draw(['cluster'], { rate: undefined, workers: 2 }, 'Two workers of a cluster in memory')

async function draw(
  names: readonly string[],
  what: Pick<ObserveOptions, 'rate' | 'workers'>,
  about: string,
): Promise<void> {
  await using observed = await observe({ ...what, scrapes: seconds / SCRAPE_SECONDS })
  const to = Date.now() / 1_000
  const note = `${about}; series of ${seconds} seconds from a real Prometheus, drawn by this project and not by Grafana.`
  for (const name of names) {
    const dashboard = dashboards[name]
    if (dashboard === undefined) throw new Error(`there is no dashboard ${name}`)
    const known = new Map<Panel, Series[]>()
    for (const panel of dashboard.rows.flatMap(({ panels }) => panels)) {
      known.set(panel, (await Promise.all(panel.queries.map((query) => seriesOf(query, observed)))).flat())
    }
    const svg = picture({
      dashboard,
      seriesOf: (panel) => known.get(panel) ?? [],
      ...{ from: to - seconds, to, note },
    })
    writeFileSync(new URL(`${name}.svg`, FOLDER), svg)
  }
}

async function seriesOf({ expr, legend }: Query, observed: Observed): Promise<Series[]> {
  const found = await observed.prometheus.range(filledIn(expr), seconds, STEP_SECONDS)
  return found.map(({ metric, values }) => ({
    name: legend.replaceAll(/\{\{(\w+)\}\}/g, (_, label: string) => nameOf(metric[label] ?? '', observed)),
    points: values
      .map(([time, value]) => [time, Number(value)] as const)
      .filter(([, value]) => Number.isFinite(value)),
  }))
}

/** Ports differ from run to run. */
function nameOf(value: string, { workers }: Observed): string {
  if (!value.startsWith('127.0.0.1:')) return value
  const worker = workers.findIndex((url) => new URL(url).host === value)
  return worker === -1 ? 'server:8001' : `worker${worker + 1}:8001`
}
