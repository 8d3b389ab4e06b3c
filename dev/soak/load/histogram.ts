/** Each bucket's bound is this much greater than the one before. */
const FACTOR = 1.05
/** The bound of the first bucket, in milliseconds. */
const FIRST_MS = 0.1

/** How many durations fell into each bucket, by the bucket's number. */
export type BucketCounts = ReadonlyMap<number, number>

/** Durations, of which it tells quantiles up to 5 % too high; histograms of several processes can be added up. */
export class Histogram {
  readonly #counts = new Map<number, number>()

  add(ms: number): void {
    this.#put(Math.ceil(Math.log(Math.max(1, ms / FIRST_MS)) / Math.log(FACTOR)), 1)
  }

  addAll(counts: BucketCounts): void {
    for (const [bucket, n] of counts) this.#put(bucket, n)
  }

  get counts(): BucketCounts {
    return this.#counts
  }

  get size(): number {
    return this.#counts.values().reduce((sum, n) => sum + n, 0)
  }

  /** The milliseconds within which this `share` of the durations were, from 0 to 1; 0 where there were none. */
  quantile(share: number): number {
    let left = Math.max(1, Math.ceil(this.size * share))
    for (const [bucket, n] of [...this.#counts].sort(([a], [b]) => a - b)) {
      left -= n
      if (left <= 0) return FIRST_MS * FACTOR ** bucket
    }
    return 0
  }

  #put(bucket: number, n: number): void {
    this.#counts.set(bucket, (this.#counts.get(bucket) ?? 0) + n)
  }
}
