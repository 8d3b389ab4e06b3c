// The alerts of deploy/prometheus: each fires on made-up series, none fires on healthy ones, and the runbook has each.
import assert from 'node:assert/strict'
import { readFileSync, writeFileSync } from 'node:fs'
import { suite, test } from 'node:test'
import { fileURLToPath } from 'node:url'
import { operations } from '../../dev/grafana/operations.ts'
import { IngestMetrics } from '../../src/ingest/metrics.ts'
import { folder } from '../e2e/harness.ts'
import { run, without } from './tools.ts'

const path = (name: string) => fileURLToPath(new URL(`../../${name}`, import.meta.url))
const ALERTS = path('deploy/prometheus/alerts.yml')
const rules = readFileSync(ALERTS, 'utf8')
const names = [...rules.matchAll(/^ +- alert: (\w+)$/gm)].map(([, name = '']) => name)

/** By selector, values in promtool's notation, one a minute for eight hours. */
type Series = Readonly<Record<string, string>>
type Sample = { labels: string; value: number }

const steady = (value: number | string) => `${value}+0x480`
const growing = (by: number, from = 0) => `${from}+${by}x480`
const at = 'job="bsky-rpg", instance="a:8001"'
const node = 'job="bsky-rpg-database", instance="a:9180"'

/** A healthy server. Gauges that hold a Unix time follow promtool's clock, which begins at 0. */
const HEALTHY: Series = {
  [`up{${at}}`]: steady(1),
  [`up{${node}}`]: steady(1),
  [`bsky_rpg_heartbeat_timestamp_seconds{${at}}`]: growing(60),
  [`bsky_rpg_lag_seconds{${at}}`]: steady(0.4),
  [`process_start_time_seconds{${at}}`]: steady(0),
  [`bsky_rpg_gaps_total{${at}, reason="clamped"}`]: steady(3),
  [`bsky_rpg_reconciliation_waiting{${at}}`]: '4000-10x480',
  [`bsky_rpg_reconciled_people_total{${at}, outcome="same"}`]: growing(100),
  [`bsky_rpg_reconciled_people_total{${at}, outcome="failed"}`]: growing(2),
  // Of the last night.
  'bsky_rpg_verify_mismatches{job="node", instance="a:9100"}': steady(0),
  'bsky_rpg_verify_timestamp_seconds{job="node", instance="a:9100"}': steady(0),
  [`bsky_rpg_stream_connections_total{${at}, event="disconnected"}`]: steady(7),
  [`bsky_rpg_malformed_frames_total{${at}, reason="unknown"}`]: growing(1),
  [`bsky_rpg_stream_events_total{${at}, kind="commit"}`]: growing(30_000),
  [`bsky_rpg_misdated_events_total{${at}}`]: growing(1),
  [`bsky_rpg_store_seconds_bucket{${at}, call="commit", le="0.1"}`]: growing(600),
  [`bsky_rpg_store_seconds_bucket{${at}, call="commit", le="10"}`]: growing(600),
  [`bsky_rpg_store_seconds_bucket{${at}, call="commit", le="+Inf"}`]: growing(600),
  [`bsky_rpg_store_retries_total{${at}}`]: steady(2),
  [`bsky_rpg_disk_free_bytes{${at}, disk="ledger"}`]: '400000000000-100000x480',
  [`bsky_rpg_questions_unanswered_seconds{${at}, kind="profile"}`]: steady(8),
  [`bsky_rpg_introductions_waiting_since_seconds{${at}}`]: steady(0),
  [`bsky_rpg_repositories_total{${at}, outcome="read"}`]: growing(2),
  [`bsky_rpg_repositories_total{${at}, outcome="unreachable"}`]: growing(1),
  [`bsky_rpg_http_requests_total{${at}, route="/v1/stats", code="200"}`]: growing(600),
  [`bsky_rpg_http_requests_total{${at}, route="/v1/stats", code="503"}`]: growing(6),
  [`bsky_rpg_http_requests_total{${at}, route="/v1/events", code="503", limit="yes"}`]: growing(200),
  [`bsky_rpg_http_requests_total{${at}, route="/readyz", code="503"}`]: growing(300),
  [`bsky_rpg_http_request_seconds_bucket{${at}, route="/v1/stats", le="0.1"}`]: growing(600),
  [`bsky_rpg_http_request_seconds_bucket{${at}, route="/v1/stats", le="3"}`]: growing(600),
  [`bsky_rpg_http_request_seconds_bucket{${at}, route="/v1/stats", le="+Inf"}`]: growing(600),
  [`bsky_rpg_http_request_seconds_bucket{${at}, route="/v1/characters/:actor/events.csv", le="3"}`]:
    steady(0),
  [`bsky_rpg_http_request_seconds_bucket{${at}, route="/v1/characters/:actor/events.csv", le="+Inf"}`]:
    growing(30),
  [`bsky_rpg_http_request_seconds_bucket{${at}, route="/v1/characters/:actor/proof", le="3"}`]: steady(0),
  [`bsky_rpg_http_request_seconds_bucket{${at}, route="/v1/characters/:actor/proof", le="+Inf"}`]:
    growing(30),
  [`bsky_rpg_shards{${at}}`]: steady(16),
  [`bsky_rpg_shards_owned{${at}}`]: steady(16),
  [`bsky_rpg_ledger_faults{${at}}`]: steady(0),
  [`bsky_rpg_handovers_total{${at}, event="lost"}`]: steady(4),
}

/** What differs from health where each alert fires; it goes wrong after seven hours, at the 420th minute. */
const FAULTS: Readonly<Record<string, Series>> = {
  DatabaseNodeDown: { [`up{${node}}`]: '1+0x419 0+0x60' },
  ProcessDown: { [`up{${at}}`]: '1+0x419 0+0x60' },
  IngestSilent: { [`bsky_rpg_heartbeat_timestamp_seconds{${at}}`]: '0+60x419 25140+0x60' },
  LedgerBehind: { [`bsky_rpg_lag_seconds{${at}}`]: '0.4+0x419 60+60x60' },
  StreamGap: { [`bsky_rpg_gaps_total{${at}, reason="clamped"}`]: '3+0x425 4+0x54' },
  ReconciliationStuck: {
    [`bsky_rpg_reconciliation_waiting{${at}}`]: '4000-10x300 1000+0x180',
    [`bsky_rpg_reconciled_people_total{${at}, outcome="same"}`]: '0+100x300 30000+0x180',
    [`bsky_rpg_reconciled_people_total{${at}, outcome="failed"}`]: '0+2x300 600+0x180',
  },
  PeopleUncompared: {
    [`bsky_rpg_reconciled_people_total{${at}, outcome="failed"}`]: '0+2x360 720+40x120',
  },
  LedgerMismatch: { 'bsky_rpg_verify_mismatches{job="node", instance="a:9100"}': '0+0x419 3+0x60' },
  LedgerUnverified: {
    'bsky_rpg_verify_timestamp_seconds{job="node", instance="a:9100"}': '0+0x419 -700000+0x60',
  },
  StreamUnsteady: {
    [`bsky_rpg_stream_connections_total{${at}, event="disconnected"}`]: '7+0x419 7+2x60',
  },
  FramesUnreadable: { [`bsky_rpg_malformed_frames_total{${at}, reason="unknown"}`]: '0+1x419 419+900x60' },
  ClockWrong: { [`bsky_rpg_misdated_events_total{${at}}`]: '0+1x419 419+600x60' },
  StoreSlow: {
    [`bsky_rpg_store_seconds_bucket{${at}, call="commit", le="0.1"}`]: '0+600x419 251400+500x60',
  },
  StoreRetries: { [`bsky_rpg_store_retries_total{${at}}`]: '2+0x419 2+10x60' },
  DiskFilling: {
    [`bsky_rpg_disk_free_bytes{${at}, disk="ledger"}`]: '40000000000-20000000x480',
  },
  DiskAlmostFull: { [`bsky_rpg_disk_free_bytes{${at}, disk="ledger"}`]: '1000000000+0x480' },
  QuestionsStuck: {
    [`bsky_rpg_questions_unanswered_seconds{${at}, kind="profile"}`]: '8+0x419 960+60x60',
  },
  AppViewAway: { [`bsky_rpg_introductions_waiting_since_seconds{${at}}`]: '0+0x419 24600+0x60' },
  RepositoriesUnread: {
    [`bsky_rpg_repositories_total{${at}, outcome="unreachable"}`]: '0+1x360 360+9x120',
  },
  ApiErrors: {
    [`bsky_rpg_http_requests_total{${at}, route="/v1/stats", code="503"}`]: '0+6x419 2514+90x60',
  },
  ApiSlow: {
    [`bsky_rpg_http_request_seconds_bucket{${at}, route="/v1/stats", le="0.1"}`]: '0+600x419 251400+400x60',
  },
  ShardsUnowned: { [`bsky_rpg_shards_owned{${at}}`]: '16+0x419 9+0x60' },
  ShardDamaged: { [`bsky_rpg_ledger_faults{${at}}`]: '0+0x419 1+0x60' },
  ShardsLost: { [`bsky_rpg_handovers_total{${at}, event="lost"}`]: '4+0x425 5+0x54' },
}

/** A server that hardly anybody asks for anything: a few requests in ten minutes, most of them slow, and some that fail. */
const QUIET: Series = {
  ...Object.fromEntries(Object.entries(HEALTHY).filter(([name]) => !name.startsWith('bsky_rpg_http'))),
  [`bsky_rpg_http_requests_total{${at}, route="/v1/stats", code="200"}`]: growing(1),
  [`bsky_rpg_http_requests_total{${at}, route="/v1/stats", code="503"}`]: growing(1),
  [`bsky_rpg_http_request_seconds_bucket{${at}, route="/v1/stats", le="1"}`]: steady(0),
  [`bsky_rpg_http_request_seconds_bucket{${at}, route="/v1/stats", le="+Inf"}`]: growing(2),
}

/** Of two workers: one answers the ledger's questions, the other is asked none. */
const IDLE = 'job="bsky-rpg", instance="b:8001", kind="profile"'

/** One test for promtool: which alerts fire a quarter of an hour after the fault began. JSON is YAML. */
function firing(series: Series, expected: readonly string[], minute = 435) {
  const samples = expected.map((alertname) => ({ labels: `{alertname="${alertname}"}`, value: 1 }))
  return promql(series, 'count by (alertname) (ALERTS{alertstate="firing"})', samples, minute)
}

/** One test for promtool: what `expr` gives. */
function promql(series: Series, expr: string, samples: readonly Sample[], minute: number) {
  return {
    name: samples.map(({ labels }) => labels).join() || 'nothing',
    interval: '1m',
    input_series: Object.entries(series).map(([name, values]) => ({ series: name, values })),
    promql_expr_test: [{ expr, eval_time: `${minute}m`, exp_samples: samples }],
  }
}

async function promtool(tests: readonly object[]): Promise<{ code: number | null; output: string }> {
  using here = folder()
  const file = here.path('tests.yml')
  writeFileSync(file, JSON.stringify({ rule_files: [ALERTS], evaluation_interval: '1m', tests }))
  return await run('promtool', ['test', 'rules', file])
}

const OPTIONS = { skip: without('promtool', 'amtool'), timeout: 400_000 }

suite('alerts', OPTIONS, () => {
  test('fire each on its own fault, and no other with it', async () => {
    assert.deepEqual(Object.keys(FAULTS).sort(), [...names].sort())
    const tests = Object.entries(FAULTS).map(([name, fault]) => firing({ ...HEALTHY, ...fault }, [name]))
    const { code, output } = await promtool(tests)
    assert.equal(code, 0, output)
  })

  test('are silent on a healthy server, at every hour', async () => {
    const hours = Array.from({ length: 8 }, (_, hour) => firing(HEALTHY, [], hour * 60 + 59))
    const { code, output } = await promtool(hours)
    assert.equal(code, 0, output)
  })

  test('see that nothing can be read where nothing ever could', async () => {
    const begun: Series = {
      ...Object.fromEntries(Object.entries(HEALTHY).filter(([name]) => !name.includes('stream_events'))),
      [`bsky_rpg_malformed_frames_total{${at}, reason="unknown"}`]: growing(900),
      [`bsky_rpg_stream_events_total{${at}, kind="identity", collection="", op=""}`]: steady(0),
    }
    const { code, output } = await promtool([firing(begun, ['FramesUnreadable'])])
    assert.equal(code, 0, output)
    const measured = await new IngestMetrics().registry.metrics()
    assert.match(measured, /^bsky_rpg_stream_events_total\{kind="identity",collection="",op=""\} 0$/m)
    assert.match(measured, /^bsky_rpg_malformed_frames_total\{reason="unknown"\} 0$/m)
  })

  test('see a gap that a process finds before its first scrape, when it comes back after days', async () => {
    const back: Series = {
      [`up{${at}}`]: '1+0x60 _x359 1+0x60',
      [`process_start_time_seconds{${at}}`]: '0+0x60 _x359 25200+0x60',
    }
    const counter = (name: string, then: number) => ({
      [`${name}{${at}, reason="clamped"}`]: `0+0x60 _x359 ${then}+0x60`,
    })
    const tests = [
      firing({ ...back, ...counter('bsky_rpg_gaps_total', 1) }, ['StreamGap'], 425),
      firing({ ...back, ...counter('bsky_rpg_gaps_total', 1) }, [], 440),
      firing({ ...back, ...counter('bsky_rpg_gaps_total', 0) }, [], 425),
      // And in a process that had found none yet.
      firing({ ...HEALTHY, [`bsky_rpg_gaps_total{${at}, reason="clamped"}`]: '0+0x425 1+0x54' }, [
        'StreamGap',
      ]),
    ]
    const panels = [
      ['Gaps of a day', counter('bsky_rpg_gaps_total', 1), 1],
      ['Missed', counter('bsky_rpg_gap_seconds_total', 300_000), 300_000],
    ] as const
    for (const [title, missed, value] of panels) {
      const panel = operations.rows.flatMap(({ panels }) => panels).find((one) => one.title === title)
      const expr = panel?.queries[0]?.expr ?? assert.fail(title)
      const labels = title === 'Missed' ? '{reason="clamped"}' : '{}'
      tests.push(promql({ ...back, ...missed }, expr, [{ labels, value }], 425))
    }
    const { code, output } = await promtool(tests)
    assert.equal(code, 0, output)
  })

  test('are silent where few ask for anything, and where one of two workers is asked no question', async () => {
    const { code, output } = await promtool([
      ...[59, 479].map((minute) => firing(QUIET, [], minute)),
      firing({ ...HEALTHY, [`bsky_rpg_questions_unanswered_seconds{${IDLE}}`]: growing(60) }, []),
    ])
    assert.equal(code, 0, output)
  })

  test('are silent on a server that has just started, and says nothing yet of what it has not measured', async () => {
    const { code, output } = await promtool([firing({ [`up{${at}}`]: steady(1) }, [], 30)])
    assert.equal(code, 0, output)
  })

  test('have each an entry in the runbook, under its name, and there is no other', () => {
    const runbook = readFileSync(path('docs/runbook.md'), 'utf8')
    const entries = runbook.split(/^## /m).slice(1)
    assert.deepEqual(entries.map((entry) => entry.split('\n', 1)[0]).sort(), [...names].sort())
    for (const entry of entries) {
      for (const part of ['**It means:**', '**Look at:**', '**Do:**']) assert.ok(entry.includes(part), entry)
    }
    const links = [...rules.matchAll(/^ +runbook: docs\/runbook\.md#(\w+)$/gm)].map(([, link]) => link)
    assert.deepEqual(
      links,
      names.map((name) => name.toLowerCase()),
    )
  })

  test('and the configuration around them are as Prometheus and Alertmanager want them', async () => {
    for (const args of [
      ['check', 'rules', '--lint=all', '--lint-fatal', ALERTS],
      ['check', 'config', '--lint=all', path('deploy/prometheus/prometheus.yml')],
    ]) {
      const { code, output } = await run('promtool', args)
      assert.equal(code, 0, output)
    }
    const { code, output } = await run('amtool', [
      'check-config',
      path('deploy/alertmanager/alertmanager.yml'),
    ])
    assert.equal(code, 0, output)
  })
})
