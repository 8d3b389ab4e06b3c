/**
 * A cache of bounded size in two generations: what is used moves to the young one, and once that is full, it takes the place of
 * the old one, whose entries are dropped. Cheaper than to keep the order in which all entries were used.
 */
export class GenerationalCache<Key, Value> {
  readonly #max: number
  #young = new Map<Key, Value>()
  #old = new Map<Key, Value>()

  /** @param max entries of both generations */
  constructor(max: number) {
    this.#max = max
  }

  /** `undefined` where it is not cached. */
  get(key: Key): Value | undefined {
    const young = this.#young.get(key)
    if (young !== undefined) return young
    const old = this.#old.get(key)
    if (old !== undefined) this.set(key, old)
    return old
  }

  set(key: Key, value: Value): void {
    if (this.#young.size >= this.#max / 2) {
      this.#old = this.#young
      this.#young = new Map()
    }
    this.#young.set(key, value)
  }

  *[Symbol.iterator](): Generator<[Key, Value]> {
    yield* this.#young
    for (const entry of this.#old) if (!this.#young.has(entry[0])) yield entry
  }

  clear(): void {
    this.#young.clear()
    this.#old.clear()
  }
}
