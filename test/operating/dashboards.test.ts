// The dashboards and alerts, asked of a real Prometheus that watches a server over a simulated network.
import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { suite, test } from 'node:test'
import { dashboardJson, TOP_MOVERS } from '../../dev/grafana/build.ts'
import { dashboards } from '../../dev/grafana/dashboards.ts'
import { observe } from './observed.ts'
import { filledIn } from './prometheus.ts'
import { without } from './tools.ts'

const read = (path: string) => readFileSync(new URL(`../../${path}`, import.meta.url), 'utf8')

/** The metrics that an expression names. */
function metricsIn(expr: string): string[] {
  return [
    ...new Set([...expr.matchAll(/\b(?:bsky_rpg|process|nodejs)_\w+|\bup\b(?=\{)/g)].map(([name]) => name)),
  ]
}

/** The vectors that the alerts of deploy/prometheus compare: without the comparison, which is false while all is well. */
function comparedByAlerts(): string[] {
  const exprs = [...read('deploy/prometheus/alerts.yml').matchAll(/^ +expr: (?:>-\n((?: {10}.*\n)+)|(.*))/gm)]
  return exprs.flatMap(([, folded, plain]) =>
    (folded?.replaceAll(/\s+/g, ' ') ?? plain ?? '')
      .split(/ (?:and|or) (?:on \([^)]+\) )?/)
      .map((part) => part.trim().replace(/ (?:>|<|==) [-\d.e]+$/, '')),
  )
}

test('what Grafana provisions is what `npm run dashboards` writes', () => {
  for (const [name, dashboard] of Object.entries(dashboards)) {
    assert.equal(
      read(`deploy/grafana/dashboards/${name}.json`),
      dashboardJson(dashboard),
      `${name}: run \`npm run dashboards\``,
    )
  }
})

test('panels have ids and titles of their own, and stand side by side within the page', () => {
  for (const dashboard of Object.values(dashboards)) {
    const { panels } = JSON.parse(dashboardJson(dashboard)) as {
      panels: { id: number; title: string; gridPos: { x: number; y: number; w: number; h: number } }[]
    }
    assert.equal(new Set(panels.map(({ id }) => id)).size, panels.length)
    assert.equal(new Set(panels.map(({ title }) => title)).size, panels.length)
    const cells = panels.flatMap(({ gridPos: { x, y, w, h } }) => {
      assert.ok(x + w <= 24)
      return Array.from({ length: w * h }, (_, n) => `${x + (n % w)} ${y + Math.floor(n / w)}`)
    })
    assert.equal(new Set(cells).size, cells.length, 'no two overlap')
  }
})

suite('a real Prometheus', { timeout: 400_000, skip: without('prometheus') }, () => {
  test('has series for every panel and for all that alerts compare', async () => {
    await using observed = await observe({ rate: 100, scrapes: 10, workers: 2 })
    const { prometheus, server: url } = observed
    const panels = Object.values(dashboards).flatMap(({ title, rows }) =>
      rows.flatMap((row) => row.panels.map((panel) => ({ ...panel, title: `${title}: ${panel.title}` }))),
    )
    const asked = [
      ...panels.flatMap(({ title, queries }) => queries.map(({ expr }) => ({ title, expr: filledIn(expr) }))),
      ...comparedByAlerts().map((expr) => ({ title: 'an alert', expr })),
    ]
    assert.ok(asked.length > 90, `${asked.length} queries`)
    const without: string[] = []
    for (const { title, expr } of asked) {
      const found = await prometheus.query(expr)
      if (found.length === 0) without.push(`${title}: ${expr}`)
    }
    assert.deepEqual(without, [])
    // What only a cluster has comes from workers alone, whose database is in memory; all else from the server.
    const server = `instance="${new URL(url).host}"`
    for (const { title, queries, onClusterOnly } of panels) {
      for (const name of queries.flatMap(({ expr }) => metricsIn(expr))) {
        // These come from the file that `verify` wrote.
        if (name.startsWith('bsky_rpg_verify_')) continue
        const found = await prometheus.query(`${name}{${server}}`)
        assert.equal(found.length > 0, onClusterOnly !== true, `${title}: ${name}`)
      }
    }
    const one = async (expr: string) => Number((await prometheus.query(expr))[0]?.value[1])
    assert.ok((await one(`sum(rate(bsky_rpg_stream_events_total[1m]))`)) > 20)
    assert.equal(await one('sum(bsky_rpg_sse_clients)'), 1)
    assert.equal(await one('count(bsky_rpg_shards_owned > 0)'), 3)
    assert.ok((await one('sum(bsky_rpg_handovers_total{event="released"})')) > 0)

    // The top movers come from the API: each column is there.
    const answer = (await (await fetch(`${url}${TOP_MOVERS.url}`)).json()) as Record<string, unknown[]>
    const [first] = answer[TOP_MOVERS.root] ?? []
    for (const { selector } of TOP_MOVERS.columns) {
      const at = selector
        .split('.')
        .reduce<unknown>((value, key) => (value as Record<string, unknown>)[key], first)
      assert.notEqual(at, undefined, selector)
    }
  })
})
