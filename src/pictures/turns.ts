/** `maxWaiting` pieces of work wait already. */
export class TurnsFullError extends Error {
  override name = 'TurnsFullError'
}

export type TurnsOptions = {
  /** Pieces of work that may be under way at a time. */
  maxAtOnce: number
  /** Further pieces that may wait. */
  maxWaiting: number
}

/** Lets few pieces of work run at a time; the others wait in the order in which they came. */
export class Turns {
  readonly #options: TurnsOptions
  readonly #waiting: (() => void)[] = []
  #running = 0

  constructor(options: TurnsOptions) {
    this.#options = options
  }

  /** True if another piece of work would be refused. */
  get isFull(): boolean {
    const { maxAtOnce, maxWaiting } = this.#options
    return this.#running >= maxAtOnce && this.#waiting.length >= maxWaiting
  }

  /**
   * @throws {TurnsFullError}
   * @throws what `work` throws
   */
  async run<T>(work: () => Promise<T>): Promise<T> {
    if (this.isFull) throw new TurnsFullError('too much work is waiting already')
    if (this.#running >= this.#options.maxAtOnce) {
      const turn = Promise.withResolvers<void>()
      this.#waiting.push(turn.resolve)
      await turn.promise
    } else this.#running += 1
    try {
      return await work()
    } finally {
      // The next one takes over this place, so that nobody who comes between is faster.
      const next = this.#waiting.shift()
      if (next === undefined) this.#running -= 1
      else next()
    }
  }
}
