import * as bargauge from '@grafana/grafana-foundation-sdk/bargauge'
import type { Builder, Dataquery } from '@grafana/grafana-foundation-sdk/cog'
import * as common from '@grafana/grafana-foundation-sdk/common'
import * as grafana from '@grafana/grafana-foundation-sdk/dashboard'
import * as prometheus from '@grafana/grafana-foundation-sdk/prometheus'
import * as stat from '@grafana/grafana-foundation-sdk/stat'
import * as table from '@grafana/grafana-foundation-sdk/table'
import * as timeseries from '@grafana/grafana-foundation-sdk/timeseries'
import type { Dashboard, Panel } from './panel.ts'

// By the uid that deploy/grafana/provisioning gives them.
const PROMETHEUS = { type: 'prometheus', uid: 'bsky-rpg-prometheus' }
const API = { type: 'yesoreyeram-infinity-datasource', uid: 'bsky-rpg-api' }

/** Ten of the week's leaderboard, as the Infinity data source asks for them. */
export const TOP_MOVERS = {
  url: '/v1/leaderboards/week?limit=10',
  root: 'entries',
  columns: [
    { selector: 'rank', text: '#', type: 'number' },
    { selector: 'character.displayName', text: 'name', type: 'string' },
    { selector: 'character.handle', text: 'handle', type: 'string' },
    { selector: 'earned', text: 'XP this week', type: 'number' },
    { selector: 'character.leveling.level', text: 'level', type: 'number' },
  ],
} as const

/** The dashboard as the JSON that Grafana provisions. */
export function dashboardJson(dashboard: Dashboard): string {
  const { uid, title, description, rows, hasTopMovers } = dashboard
  const builder = new grafana.DashboardBuilder(title)
    .uid(uid)
    .description(description)
    .tags(['bsky-rpg'])
    .timezone('utc')
    .refresh('30s')
    .time({ from: 'now-6h', to: 'now' })
    .tooltip(grafana.DashboardCursorSync.Crosshair)
    .readonly()
  // Grafana tells panels apart by their ids.
  let id = 0
  const nextId = (): number => ++id
  for (const row of rows) {
    builder.withRow(new grafana.RowBuilder(row.title).id(nextId()))
    for (const panel of row.panels) builder.withPanel(panelOf(panel).id(nextId()))
  }
  if (hasTopMovers) {
    builder.withRow(new grafana.RowBuilder('Who').id(nextId()))
    builder.withPanel(topMovers().id(nextId()))
  }
  return `${JSON.stringify(builder.build(), null, 2)}\n`
}

type Identified = { id(id: number): Builder<grafana.Panel> }

const HEIGHT = { lines: 8, areas: 8, bars: 8, number: 4 } as const

function panelOf(panel: Panel): Identified {
  const { title, description, kind, unit, width, queries } = panel
  const withCommon = <B extends Common<B>>(builder: B): B =>
    builder
      .title(title)
      .description(description)
      .unit(unit)
      .span(width)
      .height(HEIGHT[kind])
      .datasource(PROMETHEUS)
      .targets(queries.map(({ expr, legend }, n) => queryOf(expr, legend, kind, n)))
      .thresholds(thresholdsOf(panel))
  switch (kind) {
    case 'lines':
      return withCommon(new timeseries.PanelBuilder()).min(0).fillOpacity(5)
    case 'areas':
      return withCommon(new timeseries.PanelBuilder())
        .min(0)
        .fillOpacity(40)
        .stacking(new common.StackingConfigBuilder().mode(common.StackingMode.Normal))
    case 'number':
      return withCommon(new stat.PanelBuilder()).graphMode(common.BigValueGraphMode.Area)
    case 'bars':
      return withCommon(new bargauge.PanelBuilder()).orientation(common.VizOrientation.Horizontal)
  }
}

/** What builders of all kinds of panels have in common. */
type Common<B> = {
  title(title: string): B
  description(description: string): B
  unit(unit: string): B
  span(width: number): B
  height(height: number): B
  datasource(datasource: common.DataSourceRef): B
  targets(targets: Builder<Dataquery>[]): B
  thresholds(thresholds: Builder<grafana.ThresholdsConfig>): B
}

function queryOf(expr: string, legend: string, kind: Panel['kind'], n: number): prometheus.DataqueryBuilder {
  const query = new prometheus.DataqueryBuilder()
    .expr(expr)
    .legendFormat(legend)
    .refId(String.fromCharCode(65 + n))
    .datasource(PROMETHEUS)
  return kind === 'bars' ? query.instant() : query.range()
}

function thresholdsOf({ worrying }: Panel): grafana.ThresholdsConfigBuilder {
  const good = { value: null, color: worrying === undefined ? 'text' : 'green' }
  const bad = worrying === undefined ? [] : [{ value: worrying === 0 ? 0.001 : worrying, color: 'red' }]
  return new grafana.ThresholdsConfigBuilder().mode(grafana.ThresholdsMode.Absolute).steps([good, ...bad])
}

function topMovers(): Identified {
  const { url, root, columns } = TOP_MOVERS
  const query = {
    refId: 'A',
    datasource: API,
    type: 'json',
    source: 'url',
    format: 'table',
    parser: 'backend',
    url,
    url_options: { method: 'GET' },
    root_selector: root,
    columns,
  }
  return new table.PanelBuilder()
    .title('Top movers of the week')
    .description(
      'The top of the week, from the API: no metric names anybody. Wants the Infinity data source.',
    )
    .datasource(API)
    .span(24)
    .height(10)
    .targets([{ build: () => ({ ...query, _implementsDataqueryVariant: () => {} }) }])
}
