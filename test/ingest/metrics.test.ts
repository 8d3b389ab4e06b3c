import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { suite, test } from 'node:test'
import { IngestMetrics } from '../../src/ingest/metrics.ts'

/** The table in the docs: each metric's name, and its labels. */
function documented(): Map<string, string[]> {
  const docs = readFileSync(new URL('../../docs/operating.md', import.meta.url), 'utf8')
  const rows = docs.matchAll(/^\| `(bsky_rpg_\w+)` +\| ([^|]*)\|/gm)
  return new Map([...rows].map(([, name = '', labels = '']) => [name, labels.match(/\w+/g) ?? []]))
}

/** One of everything that can be measured. */
function measure(metrics: IngestMetrics): void {
  metrics.folded({
    applied: 3,
    repeated: 0,
    unreadable: 1,
    forgotten: 0,
    unfollowed: 0,
    stale: 0,
    implausible: 0,
  })
  metrics.batch(4, 0.02)
  metrics.received(1_000)
  metrics.malformed('json')
  metrics.misdated()
  metrics.gap('clamped')
  metrics.connection('paused')
  metrics.questions('profile', 'failed', 25)
  metrics.repository('too-large')
  metrics.imported('refused')
  metrics.repositoryBytes(2_000)
  metrics.introductions(7, 1_750_000_000)
  metrics.lag(1.5)
  metrics.watchFaults(() => 2)
}

suite('what ingest measures', () => {
  test('has the names and labels that the docs tell', async () => {
    const metrics = new IngestMetrics()
    measure(metrics)
    const all = await metrics.registry.getMetricsAsJSON()
    const labels = new Map(
      all.map(({ name, type, values }) => {
        const names = new Set(values.flatMap(({ labels }) => Object.keys(labels ?? {})))
        // Histograms add one for their buckets.
        if (type.toString() === 'histogram') names.delete('le')
        return [name, [...names].sort()]
      }),
    )
    const inDocs = documented()
    assert.deepEqual([...labels.keys()].sort(), [...inDocs.keys()].sort())
    for (const [name, of] of labels) assert.deepEqual(of, inDocs.get(name)?.sort(), name)
    for (const { name, help } of all) assert.ok(help.length > 10, `${name} says what it is`)
  })

  test('is what happened', async () => {
    const metrics = new IngestMetrics()
    measure(metrics)
    const text = await metrics.registry.metrics()
    const lines = text.split('\n').filter((line) => line !== '' && !line.startsWith('#'))
    const rest = lines.filter((line) => !/_bucket/.test(line))
    assert.deepEqual(rest.sort(), [
      'bsky_rpg_fold_events_count 1',
      'bsky_rpg_fold_events_sum 4',
      'bsky_rpg_fold_seconds_count 1',
      'bsky_rpg_fold_seconds_sum 0.02',
      'bsky_rpg_gaps_total{reason="clamped"} 1',
      'bsky_rpg_imports_total{outcome="refused"} 1',
      'bsky_rpg_introductions_waiting 7',
      'bsky_rpg_introductions_waiting_since_seconds 1750000000',
      'bsky_rpg_lag_seconds 1.5',
      'bsky_rpg_ledger_faults 2',
      'bsky_rpg_malformed_frames_total{reason="json"} 1',
      'bsky_rpg_misdated_events_total 1',
      // What did not happen is not there.
      'bsky_rpg_operations_total{outcome="applied"} 3',
      'bsky_rpg_operations_total{outcome="unreadable"} 1',
      'bsky_rpg_questions_total{kind="profile",outcome="failed"} 25',
      'bsky_rpg_repositories_total{outcome="too-large"} 1',
      'bsky_rpg_repository_bytes_total 2000',
      'bsky_rpg_stream_bytes_total 1000',
      'bsky_rpg_stream_connections_total{event="paused"} 1',
    ])
  })

  test('tells batches of one event from full ones, and quick ones from slow ones', async () => {
    const metrics = new IngestMetrics()
    metrics.batch(1, 0.0005)
    metrics.batch(5_000, 3)
    const text = await metrics.registry.metrics()
    assert.match(text, /^bsky_rpg_fold_events_bucket\{le="1"\} 1$/m)
    assert.match(text, /^bsky_rpg_fold_events_bucket\{le="3000"\} 1$/m)
    assert.match(text, /^bsky_rpg_fold_events_bucket\{le="5000"\} 2$/m)
    assert.match(text, /^bsky_rpg_fold_seconds_bucket\{le="0.001"\} 1$/m)
    assert.match(text, /^bsky_rpg_fold_seconds_bucket\{le="1"\} 1$/m)
    assert.match(text, /^bsky_rpg_fold_seconds_bucket\{le="3"\} 2$/m)
  })

  test('has no faults and nobody waiting before anything is told', async () => {
    const text = await new IngestMetrics().registry.metrics()
    assert.match(text, /^bsky_rpg_ledger_faults 0$/m)
    const metrics = new IngestMetrics()
    metrics.introductions(1, 5)
    metrics.introductions(1, undefined)
    assert.match(await metrics.registry.metrics(), /^bsky_rpg_introductions_waiting_since_seconds 0$/m)
  })
})
