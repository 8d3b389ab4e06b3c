// What a panel of a dashboard shows, as data: the dashboards' JSON, their pictures and the tests are made from it.

export type Query = {
  expr: string
  /** What a series is called; `{{label}}` stands for the value of a label. */
  legend: string
}

/** Units by Grafana's names. */
export type Unit = 'short' | 'ops' | 's' | 'bytes' | 'Bps' | 'percentunit'

export type Panel = {
  title: string
  /** What it says, for somebody who has not seen it before. */
  description: string
  /** `lines` and `areas` over time, areas on top of each other; the value of now as a `number`, or several as `bars`. */
  kind: 'lines' | 'areas' | 'number' | 'bars'
  unit: Unit
  queries: readonly Query[]
  /** In 24ths of the page. */
  width: 4 | 6 | 8 | 12 | 24
  /** Anything above this is to be looked at: shown red. `undefined` where no value is bad by itself. */
  worrying?: number
  /** Has series on a cluster alone. */
  onClusterOnly?: true
}

type Row = { title: string; panels: readonly Panel[] }

export type Dashboard = {
  uid: string
  title: string
  description: string
  rows: readonly Row[]
  /** Shows the top of the week's leaderboard, asked of the API: no metric names anybody. */
  hasTopMovers: boolean
}

/** The range of `rate` that fits the scrape interval, which Grafana fills in. */
export const RANGE = '$__rate_interval'

/** Lines over time, a third of the page wide. */
export function lines(
  title: string,
  description: string,
  unit: Unit,
  ...queries: readonly [expr: string, legend: string][]
): Panel {
  return { title, description, kind: 'lines', unit, width: 8, queries: queriesOf(queries) }
}

/** A number of now, a sixth of the page wide. */
export function number(title: string, description: string, unit: Unit, expr: string): Panel {
  return { title, description, kind: 'number', unit, width: 4, queries: [{ expr, legend: title }] }
}

/** A number that should be 0. */
export function expectZero(title: string, description: string, expr: string): Panel {
  return { ...number(title, description, 'short', expr), worrying: 0 }
}

function queriesOf(queries: readonly (readonly [expr: string, legend: string])[]): Query[] {
  return queries.map(([expr, legend]) => ({ expr, legend }))
}
