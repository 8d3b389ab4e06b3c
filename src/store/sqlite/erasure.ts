/**
 * How long erased data may stay in the log: what was stored of accounts that were deleted, and profiles that were dropped, as
 * each identity event of a character drops one. On a large network one or the other happens every few seconds, and a log that is
 * emptied each time writes three times as much to the disk. `forget` empties it at once.
 */
const ERASE_WITHIN_MS = 300_000

/** Erases deleted rows from the write-ahead log: they stay in its old pages until it is emptied. */
export class Erasure {
  readonly #emptyLog: () => boolean
  /**
   * When to empty the log, by `performance.now()`; undefined where nothing in it is to be erased. At once at first, since a
   * killed writer may have left something.
   */
  #dueMs: number | undefined = 0

  /** @param emptyLog returns false while a reader needs the log */
  constructor(emptyLog: () => boolean) {
    this.#emptyLog = emptyLog
  }

  /** The log is to be emptied by the next call of `run`. */
  requireNow(): void {
    this.#require(0)
  }

  /** The log is to be emptied within five minutes, or earlier where that was to be anyway. */
  requireSoon(): void {
    this.#require(ERASE_WITHIN_MS)
  }

  /** Empties the log where that is due. While a reader needs it, the next call tries again. */
  run(): void {
    if (this.#dueMs === undefined || performance.now() < this.#dueMs) return
    if (this.#emptyLog()) this.#dueMs = undefined
  }

  #require(withinMs: number): void {
    this.#dueMs = Math.min(this.#dueMs ?? Number.POSITIVE_INFINITY, performance.now() + withinMs)
  }
}
