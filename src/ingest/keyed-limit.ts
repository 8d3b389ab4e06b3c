/** Limits how much work is done at once: so much in all, and one of each key. */
export class KeyedLimit {
  readonly #max: number
  readonly #busy = new Set<string>()
  /** Those who wait, first come first. */
  #waiting: { key: string; enter: () => void }[] = []

  /** @param max most work at once */
  constructor(max: number) {
    this.#max = max
  }

  /** Does `work` as soon as there is a place and nobody else works on `key`. */
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
