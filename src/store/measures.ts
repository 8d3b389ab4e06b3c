/** What a writer has counted of its own work since it was opened, and what it has now; for metrics. */
export type WriterMeasures = {
  /** The shards that it owns, and into how many the ledger is divided: 1 of 1 where it is not divided. */
  shards: { owned: number; of: number }
  /** How often it has taken a shard, given one back, and lost one to another worker or an outage. */
  handovers: { taken: number; released: number; lost: number }
  /** Batches that it has committed to the journals of its shards; 0 where there are none. */
  journalBatches: number
  /** Requests to the database by kind; empty where there is none to ask. */
  requests: Readonly<Record<string, number>>
  /** Attempts that failed for a reason that passes, and were repeated. */
  retries: number
  /** Bytes that may still be written to the ledger's disk; `undefined` where that is not on this machine. */
  freeBytes: number | undefined
}
