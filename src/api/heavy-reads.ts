import { setImmediate as nextTurn } from 'node:timers/promises'
import { BusyError } from './problem.ts'

/**
 * Runs reads that take milliseconds of this thread one at a time, first come first served, with a turn of the event loop
 * for other requests between any two. Long reads (exports, clients that reconnect) queue page by page, so they take turns.
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
   * Runs `read` when its turn has come.
   * @throws {BusyError} if `maxWaiting` reads wait already
   * @throws what `read` throws
   */
  async run<T>(read: () => Promise<T>): Promise<T> {
    if (this.#waiting >= this.#maxWaiting) {
      throw new BusyError('TooManyReads', 'Too many long reads are waiting; try again soon.')
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
