import { Counter, Gauge, Histogram, Registry } from 'prom-client'
import type { Outcome } from '../game/state.ts'
import type { RepositoryOutcome } from './asking.ts'

/** Prometheus metrics of ingest. */
export class IngestMetrics {
  readonly registry = new Registry()
  readonly #outcomes: Counter<'outcome'>
  readonly #bytes: Counter
  readonly #malformed: Counter<'reason'>
  readonly #misdated: Counter
  readonly #gaps: Counter<'reason'>
  readonly #connections: Counter<'event'>
  readonly #questions: Counter<'kind' | 'outcome'>
  readonly #repositories: Counter<'outcome'>
  readonly #imports: Counter<'outcome'>
  readonly #repositoryBytes: Counter
  readonly #introductions: Gauge
  readonly #unintroduced: Gauge
  readonly #lag: Gauge
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
      help: 'Time to load, decide and commit one batch',
      buckets: [0.001, 0.003, 0.01, 0.03, 0.1, 0.3, 1, 3],
      registers,
    })
    this.#batchSize = new Histogram({
      name: 'bsky_rpg_fold_events',
      help: 'Events in one batch',
      buckets: [1, 10, 30, 100, 300, 1000, 3000, 5000],
      registers,
    })
  }

  /** @param count gives the number of the writer's faults; called at each scrape */
  watchFaults(count: () => number): void {
    this.#faults = count
  }

  folded(outcomes: Readonly<Record<Outcome, number>>): void {
    for (const [outcome, n] of Object.entries(outcomes)) if (n > 0) this.#outcomes.inc({ outcome }, n)
  }

  batch(events: number, seconds: number): void {
    this.#batchSize.observe(events)
    this.#batchSeconds.observe(seconds)
  }

  received(bytes: number): void {
    this.#bytes.inc(bytes)
  }

  malformed(reason: string): void {
    this.#malformed.inc({ reason })
  }

  misdated(): void {
    this.#misdated.inc()
  }

  gap(reason: string): void {
    this.#gaps.inc({ reason })
  }

  connection(event: 'connected' | 'disconnected' | 'paused' | 'resumed'): void {
    this.#connections.inc({ event })
  }

  questions(kind: string, outcome: 'answered' | 'failed', n: number): void {
    this.#questions.inc({ kind, outcome }, n)
  }

  repository(outcome: RepositoryOutcome): void {
    this.#repositories.inc({ outcome })
  }

  imported(outcome: 'imported' | 'refused' | 'failed' | 'cancelled'): void {
    this.#imports.inc({ outcome })
  }

  repositoryBytes(bytes: number): void {
    this.#repositoryBytes.inc(bytes)
  }

  /** @param since Unix seconds since which the AppView has failed; `undefined` where it answers */
  introductions(waiting: number, since: number | undefined): void {
    this.#introductions.set(waiting)
    this.#unintroduced.set(since ?? 0)
  }

  lag(seconds: number): void {
    this.#lag.set(seconds)
  }
}
