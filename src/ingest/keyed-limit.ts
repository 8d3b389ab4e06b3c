/** Limits concurrent work: up to `max` in all, and one of each key. */
export class KeyedLimit {
  readonly #max: number
  readonly #busy = new Set<string>()
  /** Waiting callers, first come first. */
  #waiting: { key: string; enter: () => void }[] = []

  /** @param max works at once, of all keys */
  constructor(max: number) {
    this.#max = max
  }

  /** Runs `work` as soon as fewer than `max` run and none of them has this `key`. */
  async use<Result>(key: string, work: () => Promise<Result>): Promise<Result> {
    await new Promise<void>((enter) => {
      this.#waiting.push({ key, enter })
      this.#admit()
    })
    try {
      return await work()
    } finally {
      this.#busy.delete(key)
      this.#admit()
    }
  }

  #admit(): void {
    this.#waiting = this.#waiting.filter(({ key, enter }) => {
      if (this.#busy.size >= this.#max || this.#busy.has(key)) return true
      this.#busy.add(key)
      enter()
      return false
    })
  }
}
