import { Counter, Gauge, Histogram, Registry } from 'prom-client'
import type { Micros, StreamEvent } from '../atproto/event.ts'
import type { QuestionKind } from '../game/question.ts'
import type { Rulebook } from '../game/rulebook.ts'
import type { Changes, Outcome } from '../game/state.ts'
import { GAP_REASONS, MALFORMED_REASONS } from '../jetstream/observer.ts'
import type { Reconciled } from '../store/reconciliation.ts'
import type { FoldTimes } from '../store/slices.ts'
import { Arrivals } from './arrivals.ts'
import type { RepositoryOutcome } from './asking.ts'
import { GameMetrics } from './game-metrics.ts'
import { LedgerMetrics } from './ledger-metrics.ts'
import { WriterMetrics } from './writer-metrics.ts'

const OUTCOMES = [
  'applied',
  'repeated',
  'unreadable',
  'forgotten',
  'unfollowed',
  'stale',
  'implausible',
] as const satisfies readonly Outcome[]
/** Imports have a metric of their own. */
const KINDS = ['subject', 'profile', 'repository'] as const satisfies readonly QuestionKind[]
const REPOSITORY_OUTCOMES = {
  ...{ read: 0, inactive: 0, 'not-found': 0, address: 0, unreachable: 0, status: 0, 'too-slow': 0 },
  ...{ 'too-large': 0, malformed: 0, forged: 0, incomplete: 0, crashed: 0 },
} as const satisfies Record<RepositoryOutcome, 0>
const CONNECTION_EVENTS = ['connected', 'disconnected', 'paused', 'resumed'] as const
const RECONCILED = ['same', 'changed', 'failed'] as const satisfies readonly Reconciled[]
const IMPORT_OUTCOMES = ['imported', 'refused', 'failed', 'cancelled'] as const

type Received = { events: readonly StreamEvent[]; bytes: number; queuedBytes: number }

/** Prometheus metrics of ingest. */
export class IngestMetrics {
  readonly registry = new Registry()
  /** Of all of the ledger. */
  readonly ledger = new LedgerMetrics(this.registry)
  /** Of this process's writer. */
  readonly writer = new WriterMetrics(this.registry)
  readonly #game = new GameMetrics(this.registry)
  readonly #arrivals = new Arrivals(this.registry)
  readonly #outcomes: Counter<'outcome'>
  readonly #bytes: Counter
  readonly #malformed: Counter<'reason'>
  readonly #misdated: Counter
  readonly #gaps: Counter<'reason'>
  readonly #connections: Counter<'event'>
  readonly #questions: Counter<'kind' | 'outcome'>
  readonly #repositories: Counter<'outcome'>
  readonly #imports: Counter<'outcome'>
  readonly #reconciled: Counter<'outcome'>
  readonly #repositoryBytes: Counter
  readonly #introductions: Gauge
  readonly #unintroduced: Gauge
  readonly #lag: Gauge
  readonly #heartbeat: Gauge
  readonly #queued: Gauge
  readonly #missed: Counter<'reason'>
  #faults = (): number => 0
  readonly #batchSeconds: Histogram
  readonly #batchSize: Histogram

  constructor() {
    const registers = [this.registry]
    this.#outcomes = new Counter({
      name: 'bsky_rpg_operations_total',
      help: 'Operations folded, by outcome',
      labelNames: ['outcome'],
      registers,
    })
    this.#bytes = new Counter({
      name: 'bsky_rpg_stream_bytes_total',
      help: 'Bytes received from Jetstream',
      registers,
    })
    this.#malformed = new Counter({
      name: 'bsky_rpg_malformed_frames_total',
      help: 'Frames that could not be read and were skipped',
      labelNames: ['reason'],
      registers,
    })
    this.#misdated = new Counter({
      name: 'bsky_rpg_misdated_events_total',
      help: 'Events dated in the future, which got the time of their neighbours',
      registers,
    })
    this.#gaps = new Counter({
      name: 'bsky_rpg_gaps_total',
      help: 'Pieces of the stream that were missed',
      labelNames: ['reason'],
      registers,
    })
    this.#connections = new Counter({
      name: 'bsky_rpg_stream_connections_total',
      help: 'Connections made, lost, paused and resumed',
      labelNames: ['event'],
      registers,
    })
    this.#questions = new Counter({
      name: 'bsky_rpg_questions_total',
      help: 'Questions to the network, by kind and outcome',
      labelNames: ['kind', 'outcome'],
      registers,
    })
    this.#repositories = new Counter({
      name: 'bsky_rpg_repositories_total',
      help: 'Repositories asked for, by outcome: read, or why not',
      labelNames: ['outcome'],
      registers,
    })
    this.#imports = new Counter({
      name: 'bsky_rpg_imports_total',
      help: 'Imports of histories, by outcome',
      labelNames: ['outcome'],
      registers,
    })
    this.#reconciled = new Counter({
      name: 'bsky_rpg_reconciled_people_total',
      help: 'People compared with their repositories after a gap, by outcome: same, changed or failed',
      labelNames: ['outcome'],
      registers,
    })
    this.#repositoryBytes = new Counter({
      name: 'bsky_rpg_repository_bytes_total',
      help: 'Bytes of repositories received',
      registers,
    })
    this.#introductions = new Gauge({
      name: 'bsky_rpg_introductions_waiting',
      help: 'Characters that are not shown yet because the AppView has not introduced them',
      registers,
    })
    this.#unintroduced = new Gauge({
      name: 'bsky_rpg_introductions_waiting_since_seconds',
      help: 'Unix time since which the AppView has failed while characters wait to be introduced; 0 where it answers',
      registers,
    })
    this.#lag = new Gauge({
      name: 'bsky_rpg_lag_seconds',
      help: 'How far behind the network the ledger is',
      registers,
    })
    this.#heartbeat = new Gauge({
      name: 'bsky_rpg_heartbeat_timestamp_seconds',
      help: 'Unix time of the last heartbeat of ingest, which it writes every two seconds',
      registers,
    })
    this.#queued = new Gauge({
      name: 'bsky_rpg_stream_queue_bytes',
      help: 'Bytes of events that were received and are not in the ledger yet',
      registers,
    })
    this.#missed = new Counter({
      name: 'bsky_rpg_gap_seconds_total',
      help: 'Time of the stream that was missed, in seconds',
      labelNames: ['reason'],
      registers,
    })
    const faults = (): number => this.#faults()
    new Gauge({
      name: 'bsky_rpg_ledger_faults',
      help: 'Shards of the ledger that this process should write to and cannot; the log names each',
      registers,
      collect() {
        this.set(faults())
      },
    })
    this.#batchSeconds = new Histogram({
      name: 'bsky_rpg_fold_seconds',
      help: 'Time from a delivery of the stream until it is in the ledger, in which it may wait for others',
      buckets: [0.001, 0.003, 0.01, 0.03, 0.1, 0.3, 1, 3],
      registers,
    })
    this.#batchSize = new Histogram({
      name: 'bsky_rpg_fold_events',
      help: 'Events in one delivery of the stream',
      buckets: [1, 10, 30, 100, 300, 1000, 3000, 5000],
      registers,
    })
    this.#beginAtZero()
  }

  /** Prometheus sees no increase in a series that begins with it. */
  #beginAtZero(): void {
    for (const outcome of OUTCOMES) this.#outcomes.inc({ outcome }, 0)
    for (const reason of MALFORMED_REASONS) this.#malformed.inc({ reason }, 0)
    for (const reason of GAP_REASONS) {
      this.#gaps.inc({ reason }, 0)
      this.#missed.inc({ reason }, 0)
    }
    for (const event of CONNECTION_EVENTS) this.#connections.inc({ event }, 0)
    for (const outcome of Object.keys(REPOSITORY_OUTCOMES)) this.#repositories.inc({ outcome }, 0)
    for (const outcome of IMPORT_OUTCOMES) this.#imports.inc({ outcome }, 0)
    for (const outcome of RECONCILED) this.#reconciled.inc({ outcome }, 0)
    for (const kind of KINDS) {
      for (const outcome of ['answered', 'failed']) this.#questions.inc({ kind, outcome }, 0)
    }
  }

  /** @param count gives the number of the writer's faults; called at each scrape */
  watchFaults(count: () => number): void {
    this.#faults = count
  }

  /**
   * Counts a committed batch.
   * @param took how long the store took for it; `undefined` where that was not measured
   */
  folded(
    changes: Pick<Changes, 'actors' | 'outcomes'>,
    rules: Pick<Rulebook, 'title'>,
    took: FoldTimes | undefined,
  ): void {
    for (const [outcome, n] of Object.entries(changes.outcomes)) if (n > 0) this.#outcomes.inc({ outcome }, n)
    this.#game.count(changes, rules)
    if (took !== undefined) this.writer.folded(took)
  }

  batch(events: number, seconds: number): void {
    this.#batchSize.observe(events)
    this.#batchSeconds.observe(seconds)
  }

  /** Counts a delivery; `queuedBytes` wait behind it. */
  received({ events, bytes, queuedBytes }: Received): void {
    this.#bytes.inc(bytes)
    this.#queued.set(queuedBytes)
    this.#arrivals.count(events)
  }

  malformed(reason: string): void {
    this.#malformed.inc({ reason })
  }

  misdated(): void {
    this.#misdated.inc()
  }

  /** @param missed microseconds of the stream; `undefined` where that is not known */
  gap(reason: string, missed: Micros | undefined): void {
    this.#gaps.inc({ reason })
    this.#missed.inc({ reason }, (missed ?? 0) / 1_000_000)
  }

  connection(event: (typeof CONNECTION_EVENTS)[number]): void {
    this.#connections.inc({ event })
  }

  questions(kind: string, outcome: 'answered' | 'failed', n: number): void {
    this.#questions.inc({ kind, outcome }, n)
  }

  repository(outcome: RepositoryOutcome): void {
    this.#repositories.inc({ outcome })
  }

  imported(outcome: (typeof IMPORT_OUTCOMES)[number]): void {
    this.#imports.inc({ outcome })
  }

  reconciled(outcome: Reconciled): void {
    this.#reconciled.inc({ outcome })
  }

  repositoryBytes(bytes: number): void {
    this.#repositoryBytes.inc(bytes)
  }

  /** @param since Unix seconds since which the AppView has failed; `undefined` where it answers */
  introductions(waiting: number, since: number | undefined): void {
    this.#introductions.set(waiting)
    this.#unintroduced.set(since ?? 0)
  }

  /** A heartbeat at `at`, `lag` behind the network. */
  beat(at: Micros, lag: Micros): void {
    this.#heartbeat.set(at / 1_000_000)
    this.#lag.set(lag / 1_000_000)
  }
}
