/** `above` of a board that has room for everybody. */
export const NOBODY_LEFT_OUT = -1

export type TopPlacesOptions<Key> = {
  /** Maximum characters on the board; once there are more, it is cut back to half as many. */
  max: number
  /** The characters on the board, and their experience. */
  places: Iterable<[Key, number]>
  /** See `TopPlaces.above`. */
  above: number
}

/**
 * The characters on a board, cached by the writer that stores it. The board has only the top ones: a place for everybody would
 * move with every event, and nobody pages that far down. So an event of a character below it writes nothing.
 */
export class TopPlaces<Key> {
  readonly #max: number
  readonly #places: Map<Key, number>
  readonly #touched = new Set<Key>()
  #above: number

  constructor({ max, places, above }: TopPlacesOptions<Key>) {
    this.#max = max
    this.#places = new Map(places)
    this.#above = above
  }

  /** Every character with more XP than this is on the board; of those with exactly this much, some are. */
  get above(): number {
    return this.#above
  }

  /** True where so many have left the board that it is worth reading all characters for `refill`. */
  get isShort(): boolean {
    return this.#above > NOBODY_LEFT_OUT && this.#places.size < this.#max / 4
  }

  /** Places a character that has `experience` now; `undefined` where it is not shown. */
  place(key: Key, experience: number | undefined): void {
    const isOn = this.#places.has(key)
    if (experience !== undefined && (experience > this.#above || (isOn && experience === this.#above))) {
      this.#places.set(key, experience)
      this.#touched.add(key)
    } else if (isOn) {
      this.#places.delete(key)
      this.#touched.add(key)
    }
  }

  /** Fills the board anew. @param top the characters with most XP: at least half of `max`, or all where there are fewer */
  refill(top: Iterable<[Key, number]>): void {
    for (const key of this.#places.keys()) this.#touched.add(key)
    this.#places.clear()
    this.#above = NOBODY_LEFT_OUT
    for (const [key, experience] of top) this.place(key, experience)
    if (this.#places.size >= this.#max / 2) this.#cut()
  }

  /** Changes since the last call: characters with their experience now, `undefined` for those who left the board. */
  takeChanges(): [Key, number | undefined][] {
    if (this.#places.size > this.#max) this.#cut()
    const changes = [...this.#touched].map((key): [Key, number | undefined] => [key, this.#places.get(key)])
    this.#touched.clear()
    return changes
  }

  #cut(): void {
    const ordered = [...this.#places].sort(([, a], [, b]) => b - a)
    const kept = Math.floor(this.#max / 2)
    this.#above = ordered[kept - 1]?.[1] ?? NOBODY_LEFT_OUT
    for (const [key] of ordered.slice(kept)) {
      this.#places.delete(key)
      this.#touched.add(key)
    }
  }
}
