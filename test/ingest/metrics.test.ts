import assert from 'node:assert/strict'
import { suite, test } from 'node:test'
import type { Did, Nsid, StreamEvent, Tid } from '../../src/atproto/event.ts'
import { decide } from '../../src/game/decide.ts'
import { NO_CHANGES, rulebook } from '../../src/game/rulebook.ts'
import { type Changes, type LedgerEvent, unknownActor } from '../../src/game/state.ts'
import { IngestMetrics } from '../../src/ingest/metrics.ts'
import type { StoreStatus } from '../../src/store/status.ts'
import { documentedMetrics, measuredMetrics } from '../documented-metrics.ts'
import { game } from '../game/arbitrary.ts'
import { MemoryLedger } from '../memory-ledger.ts'

const alice = 'did:plc:aliceaaaaaaaaaaaaaaaaaaa' as Did
const rules = rulebook(NO_CHANGES)
const TOOK = { loadSeconds: 0.002, commitSeconds: 0.2 }
const NO_OUTCOMES = {
  applied: 0,
  repeated: 0,
  unreadable: 0,
  forgotten: 0,
  unfollowed: 0,
  stale: 0,
  implausible: 0,
}

/** A batch that has entered `events`, given as what they changed. */
function changesOf(
  outcomes: Partial<Changes['outcomes']>,
  events: Pick<LedgerEvent, 'cause' | 'reason' | 'delta' | 'experience'>[],
): Pick<Changes, 'actors' | 'outcomes'> {
  const { actors } = decide(game, new MemoryLedger(), [{ kind: 'hide', did: alice, at: 1, wish: '1' }])
  const [change] = actors.values()
  assert.ok(change)
  const of = { did: alice, collection: 'app.bsky.feed.post' as Nsid, rkey: 'a', at: 1, rules: 1 }
  return {
    actors: new Map([
      [
        alice,
        { ...change, actor: unknownActor(alice), events: events.map((event) => ({ ...of, ...event })) },
      ],
    ]),
    outcomes: { ...NO_OUTCOMES, ...outcomes },
  }
}

const status: StoreStatus = {
  cursor: undefined,
  heartbeat: undefined,
  characters: 11,
  introductions: 7,
  records: 13,
  events: 12,
  experience: 1_400,
  today: {
    day: 20_000,
    counts: new Map([
      ['post.alt', 3],
      ['post.media', 1],
      ['like', 5],
    ]),
  },
  waiting: { subject: 2, profile: 4, repository: 0, import: 0 },
  postponed: { subject: 1, profile: 0, repository: 0, import: 0 },
  gaps: [],
  reconciliation: undefined,
  bytes: 4_096,
  perDay: undefined,
}

const commit = (collection: string, op: 'create' | 'update' | 'delete'): StreamEvent => ({
  kind: 'commit',
  did: alice,
  at: 1,
  rev: '3kaaaaaaaaa22' as Tid,
  op,
  collection: collection as Nsid,
  rkey: 'a',
  record: undefined,
})

/** One of everything that can be measured. */
function measure(metrics: IngestMetrics): void {
  const changes = changesOf({ applied: 3, unreadable: 1 }, [
    { cause: 'create', reason: 'post.alt', delta: 100, experience: 100 },
    { cause: 'create', reason: 'post.alt', delta: 100, experience: 200 },
    // Levels 2 to 5, and a title.
    { cause: 'import', reason: 'like', delta: 300, experience: 500 },
    { cause: 'delete', reason: 'post.alt', delta: -100, experience: 400 },
  ])
  metrics.folded(changes, rules, TOOK)
  metrics.batch(4, 0.02)
  metrics.received({
    events: [
      commit('app.bsky.feed.post', 'create'),
      commit('app.bsky.feed.post', 'create'),
      commit('app.bsky.feed.like', 'delete'),
      { kind: 'sync', did: alice, at: 1, rev: '3kaaaaaaaaa22' as Tid },
    ],
    bytes: 1_000,
    queuedBytes: 77,
  })
  metrics.malformed('json')
  metrics.misdated()
  metrics.gap('clamped', 5_500_000)
  metrics.gap('cursor-lost', undefined)
  metrics.connection('paused')
  metrics.questions('profile', 'failed', 25)
  metrics.repository('too-large')
  metrics.imported('refused')
  metrics.repositoryBytes(2_000)
  metrics.introductions(7, 1_750_000_000)
  metrics.beat(1_750_000_123_000_000, 1_500_000)
  metrics.watchFaults(() => 2)
  metrics.ledger.report(status, (kind) => (kind === 'profile' ? 33 : 0))
  metrics.writer.watch(() => ({
    shards: { owned: 3, of: 16 },
    handovers: { taken: 4, released: 1, lost: 0 },
    journalBatches: 21,
    requests: { read: 5, conditional: 6 },
    retries: 8,
    freeBytes: 1_000_000,
  }))
}

suite('what ingest measures', () => {
  test('has the names and labels that the docs tell', async () => {
    const metrics = new IngestMetrics()
    measure(metrics)
    const labels = await measuredMetrics(metrics.registry)
    const inDocs = documentedMetrics('Of ingest')
    assert.deepEqual([...labels.keys()].sort(), [...inDocs.keys()].sort())
    for (const [name, of] of labels) assert.deepEqual(of, inDocs.get(name)?.sort(), name)
    for (const { name, help } of await metrics.registry.getMetricsAsJSON()) {
      assert.ok(help.length > 10, `${name} says what it is`)
    }
  })

  test('is what happened', async () => {
    const metrics = new IngestMetrics()
    measure(metrics)
    const text = await metrics.registry.metrics()
    const lines = text.split('\n').filter((line) => line !== '' && !line.startsWith('#'))
    // How much was written is the machine's business.
    const rest = lines.filter((line) => !/_bucket|written_bytes| 0$/.test(line))
    assert.deepEqual(rest.sort(), [
      'bsky_rpg_characters 11',
      'bsky_rpg_disk_free_bytes{disk="ledger"} 1000000',
      'bsky_rpg_experience 1400',
      'bsky_rpg_fold_events_count 1',
      'bsky_rpg_fold_events_sum 4',
      'bsky_rpg_fold_seconds_count 1',
      'bsky_rpg_fold_seconds_sum 0.02',
      'bsky_rpg_gap_seconds_total{reason="clamped"} 5.5',
      'bsky_rpg_gaps_total{reason="clamped"} 1',
      'bsky_rpg_gaps_total{reason="cursor-lost"} 1',
      'bsky_rpg_handovers_total{event="released"} 1',
      'bsky_rpg_handovers_total{event="taken"} 4',
      'bsky_rpg_heartbeat_timestamp_seconds 1750000123',
      'bsky_rpg_imports_total{outcome="refused"} 1',
      'bsky_rpg_introductions_waiting 7',
      'bsky_rpg_introductions_waiting_since_seconds 1750000000',
      'bsky_rpg_journal_batches_total 21',
      'bsky_rpg_lag_seconds 1.5',
      'bsky_rpg_ledger_bytes{disk="ledger"} 4096',
      'bsky_rpg_ledger_entries 12',
      'bsky_rpg_ledger_entries_total{reason="like",cause="import"} 1',
      'bsky_rpg_ledger_entries_total{reason="post.alt",cause="create"} 2',
      'bsky_rpg_ledger_entries_total{reason="post.alt",cause="delete"} 1',
      'bsky_rpg_ledger_faults 2',
      'bsky_rpg_level_ups_total{cause="create"} 1',
      'bsky_rpg_level_ups_total{cause="import"} 3',
      'bsky_rpg_malformed_frames_total{reason="json"} 1',
      'bsky_rpg_media_posts_today{described="no"} 1',
      'bsky_rpg_media_posts_today{described="yes"} 3',
      'bsky_rpg_misdated_events_total 1',
      'bsky_rpg_operations_total{outcome="applied"} 3',
      'bsky_rpg_operations_total{outcome="unreadable"} 1',
      'bsky_rpg_questions_total{kind="profile",outcome="failed"} 25',
      'bsky_rpg_questions_unanswered_seconds{kind="profile"} 33',
      'bsky_rpg_questions_waiting{kind="profile",state="new"} 4',
      'bsky_rpg_questions_waiting{kind="subject",state="new"} 2',
      'bsky_rpg_questions_waiting{kind="subject",state="postponed"} 1',
      'bsky_rpg_records 13',
      'bsky_rpg_repositories_total{outcome="too-large"} 1',
      'bsky_rpg_repository_bytes_total 2000',
      'bsky_rpg_shards 16',
      'bsky_rpg_shards_owned 3',
      'bsky_rpg_store_requests_total{kind="conditional"} 6',
      'bsky_rpg_store_requests_total{kind="read"} 5',
      'bsky_rpg_store_retries_total 8',
      'bsky_rpg_store_seconds_count{call="commit"} 1',
      'bsky_rpg_store_seconds_count{call="load"} 1',
      'bsky_rpg_store_seconds_sum{call="commit"} 0.2',
      'bsky_rpg_store_seconds_sum{call="load"} 0.002',
      'bsky_rpg_stream_bytes_total 1000',
      'bsky_rpg_stream_connections_total{event="paused"} 1',
      'bsky_rpg_stream_events_total{kind="commit",collection="app.bsky.feed.like",op="delete"} 1',
      'bsky_rpg_stream_events_total{kind="commit",collection="app.bsky.feed.post",op="create"} 2',
      'bsky_rpg_stream_events_total{kind="sync",collection="",op=""} 1',
      'bsky_rpg_stream_queue_bytes 77',
      'bsky_rpg_titles_reached_total{title="Apprentice"} 1',
      'bsky_rpg_xp_awarded_total{reason="like",cause="import"} 300',
      'bsky_rpg_xp_awarded_total{reason="post.alt",cause="create"} 200',
      'bsky_rpg_xp_taken_back_total{reason="post.alt",cause="delete"} 100',
    ])
  })

  test('begins at zero where the first of its kind must show as an increase', async () => {
    const text = await new IngestMetrics().registry.metrics()
    for (const series of [
      'gaps_total{reason="cursor-lost"}',
      'malformed_frames_total{reason="zstd"}',
      'operations_total{outcome="implausible"}',
      'stream_connections_total{event="disconnected"}',
      'questions_total{kind="repository",outcome="failed"}',
      'imports_total{outcome="failed"}',
      'level_ups_total{cause="create"}',
      'store_retries_total',
      'store_seconds_count{call="commit"}',
    ]) {
      assert.ok(text.includes(`bsky_rpg_${series} 0\n`), series)
    }
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

  test('counts once what is read at each scrape', async () => {
    const metrics = new IngestMetrics()
    measure(metrics)
    await metrics.registry.metrics()
    assert.match(await metrics.registry.metrics(), /^bsky_rpg_journal_batches_total 21$/m)
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
