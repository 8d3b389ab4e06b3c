import { Counter, Gauge, Histogram, type Registry } from 'prom-client'
import type { WriterMeasures } from '../store/measures.ts'
import type { FoldTimes } from '../store/slices.ts'
import { writtenBytes } from './written-bytes.ts'

/** What a metric shows before there is a writer. */
const NOTHING: WriterMeasures = {
  shards: { owned: 0, of: 0 },
  handovers: { taken: 0, released: 0, lost: 0 },
  journalBatches: 0,
  requests: {},
  retries: 0,
  freeBytes: undefined,
}

/** Prometheus metrics of this process's writer, which are read at each scrape. */
export class WriterMetrics {
  readonly #storeSeconds: Histogram<'call'>
  #measure = (): WriterMeasures => NOTHING

  constructor(registry: Registry) {
    const registers = [registry]
    const measured = (): WriterMeasures => this.#measure()
    this.#storeSeconds = new Histogram({
      name: 'bsky_rpg_store_seconds',
      help: 'Time that the store took for a batch: to load what it touches, and to commit it',
      labelNames: ['call'],
      buckets: [0.001, 0.003, 0.01, 0.03, 0.1, 0.3, 1, 3, 10],
      registers,
    })
    this.#storeSeconds.zero({ call: 'load' })
    this.#storeSeconds.zero({ call: 'commit' })
    new Gauge({
      name: 'bsky_rpg_shards_owned',
      help: 'Shards that this process owns; 1 for a ledger in a file',
      registers,
      collect() {
        this.set(measured().shards.owned)
      },
    })
    new Gauge({
      name: 'bsky_rpg_shards',
      help: 'Shards into which the ledger is divided; 1 for a ledger in a file',
      registers,
      collect() {
        this.set(measured().shards.of)
      },
    })
    counter(registry, {
      name: 'bsky_rpg_handovers_total',
      help: 'Shards that this process has taken, released, or lost',
      labels: ['event'],
      read: () => Object.entries(measured().handovers),
    })
    counter(registry, {
      name: 'bsky_rpg_journal_batches_total',
      help: 'Batches committed to the journals of shards; 0 for a ledger in a file',
      labels: [],
      read: () => [['', measured().journalBatches]],
    })
    counter(registry, {
      name: 'bsky_rpg_store_requests_total',
      help: 'Requests to the cluster, by kind; none for a ledger in a file',
      labels: ['kind'],
      read: () => Object.entries(measured().requests),
    })
    counter(registry, {
      name: 'bsky_rpg_store_retries_total',
      help: 'Attempts to use the database that failed and were repeated, as while another program holds its lock',
      labels: [],
      read: () => [['', measured().retries]],
    })
    counter(registry, {
      name: 'bsky_rpg_written_bytes_total',
      help: 'Bytes that ingest has caused to be written to disks (Linux)',
      labels: [],
      read: () => [['', writtenBytes() ?? 0]],
    })
    new Gauge({
      name: 'bsky_rpg_disk_free_bytes',
      help: "Bytes free on the disk of the ledger's file; none where it is on a cluster",
      labelNames: ['disk'],
      registers,
      collect() {
        const { freeBytes } = measured()
        this.reset()
        if (freeBytes !== undefined) this.set({ disk: 'ledger' }, freeBytes)
      },
    })
  }

  /** @param measure is called at each scrape */
  watch(measure: () => WriterMeasures): void {
    this.#measure = measure
  }

  folded({ loadSeconds, commitSeconds }: FoldTimes): void {
    this.#storeSeconds.observe({ call: 'load' }, loadSeconds)
    this.#storeSeconds.observe({ call: 'commit' }, commitSeconds)
  }
}

type CounterOptions = {
  name: string
  help: string
  /** None or one. */
  labels: readonly [] | readonly [string]
  /** The label's values, with the count so far of each. */
  read: () => readonly (readonly [value: string, count: number])[]
}

/** Registers a counter that is kept elsewhere. */
function counter(registry: Registry, { name, help, labels, read }: CounterOptions): void {
  new Counter<string>({
    name,
    help,
    labelNames: [...labels],
    registers: [registry],
    collect() {
      this.reset()
      for (const [value, count] of read()) {
        if (labels[0] === undefined) this.inc(count)
        else this.inc({ [labels[0]]: value }, count)
      }
    },
  })
}
