/** A bounded memory: what was set or asked for longest ago is forgotten first. */
export class Recollection<Key, Value> {
  readonly #most: number
  readonly #held = new Map<Key, Value>()

  /** @param most how many are remembered */
  constructor(most: number) {
    this.#most = most
  }

  get(key: Key): Value | undefined {
    const value = this.#held.get(key)
    if (value !== undefined) this.set(key, value)
    return value
  }

  set(key: Key, value: Value): void {
    this.#held.delete(key)
    this.#held.set(key, value)
    const [oldest] = this.#held.keys()
    if (this.#held.size > this.#most && oldest !== undefined) this.#held.delete(oldest)
  }
}
