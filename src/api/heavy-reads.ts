import { setImmediate as nextTurn } from 'node:timers/promises'
import { ProblemError } from './problem.ts'

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
   * @throws {ProblemError} 503 where as many wait as may
   * @throws what `read` throws
   */
  async run<T>(read: () => Promise<T>): Promise<T> {
    if (this.#waiting >= this.#maxWaiting) {
      throw new ProblemError(503, 'TooManyReads', 'Too many long reads wait already; try again soon.')
    }
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
