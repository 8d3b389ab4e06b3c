/** A cache of bounded size that evicts the least recently used entry. */
export class LruCache<Key, Value> {
  readonly #max: number
  readonly #entries = new Map<Key, Value>()

  /** @param max entries */
  constructor(max: number) {
    this.#max = max
  }

  get(key: Key): Value | undefined {
    const value = this.#entries.get(key)
    if (value !== undefined) this.set(key, value)
    return value
  }

  set(key: Key, value: Value): void {
    this.#entries.delete(key)
    this.#entries.set(key, value)
    const [oldest] = this.#entries.keys()
    if (this.#entries.size > this.#max && oldest !== undefined) this.#entries.delete(oldest)
  }
}
