import { setImmediate as nextTurn } from 'node:timers/promises'

/** So many reads wait already that another one would not be answered soon. */
export class TooManyReadsError extends Error {
  override name = 'TooManyReadsError'
}

/**
 * Lets reads that take milliseconds of this thread's time happen one after the other, first come first served, and lets
 * everything else that waits be answered in between. Long reads (whole ledgers, clients that were away) come page by page,
 * so that many of them take turns and none holds up the rest.
 */
export class HeavyReads {
  readonly #maxWaiting: number
  #waiting = 0
  #turn: Promise<unknown> = Promise.resolve()

  /** @param maxWaiting reads that may wait at a time */
  constructor(maxWaiting: number) {
    this.#maxWaiting = maxWaiting
  }

  /**
   * Resolves with what `read` gives when its turn has come.
   * @throws {TooManyReadsError}
   * @throws what `read` throws
   */
  async run<T>(read: () => Promise<T>): Promise<T> {
    if (this.#waiting >= this.#maxWaiting) throw new TooManyReadsError('too many long reads wait already')
    this.#waiting += 1
    const turn = this.#turn.then(() => nextTurn()).then(read)
    this.#turn = turn.catch(() => {})
    try {
      return await turn
    } finally {
      this.#waiting -= 1
    }
  }
}
