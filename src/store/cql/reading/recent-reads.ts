/** Maximum results cached, of which each is some hundred kilobytes. */
const MAX_CACHED = 16

type Read<T> = { at: number; result: Promise<T> }

/** Shares the results of reads that are repeated within a short time, and of those under way. */
export class RecentReads<T> {
  readonly #maxAgeMs: number
  /** Oldest first. */
  readonly #reads = new Map<string, Read<T>>()

  constructor(maxAgeMs: number) {
    this.#maxAgeMs = maxAgeMs
  }

  /** The result of `read`, or of one of that name that began within the maximum age. A failure is shared, and not cached. */
  read(name: string, read: () => Promise<T>): Promise<T> {
    const at = performance.now()
    const cached = this.#reads.get(name)
    if (cached !== undefined && at - cached.at < this.#maxAgeMs) return cached.result
    const asked: Read<T> = { at, result: read() }
    this.#reads.delete(name)
    this.#reads.set(name, asked)
    const [oldest] = this.#reads.keys()
    if (this.#reads.size > MAX_CACHED && oldest !== undefined) this.#reads.delete(oldest)
    asked.result.catch(() => {
      if (this.#reads.get(name) === asked) this.#reads.delete(name)
    })
    return asked.result
  }
}
