/** `above` of a board that holds everybody. */
export const NOBODY_LEFT_OUT = -1

export type ForemostOptions<Key> = {
  /** Once more than so many are on the board, it is cut back to half as many. */
  max: number
  /** Who is on the board, and with how much experience. */
  places: Iterable<[Key, number]>
  /** See `TopPlaces.above`. */
  above: number
}

/**
 * Who stands on a board, in the memory of the writer that keeps it. Only the top characters do: a place for everybody would be
 * moved with every event, and nobody pages that far down. A move within the board or far below it costs nothing else.
 */
export class TopPlaces<Key> {
  readonly #max: number
  readonly #places: Map<Key, number>
  readonly #touched = new Set<Key>()
  #above: number

  constructor({ max, places, above }: ForemostOptions<Key>) {
    this.#max = max
    this.#places = new Map(places)
    this.#above = above
  }

  /** Every character with more than this is on the board; of those with just as much, some are. */
  get above(): number {
    return this.#above
  }

  /** True where so many have left that a look at all characters is worth its cost; see `refill`. */
  get isShort(): boolean {
    return this.#above > NOBODY_LEFT_OUT && this.#places.size < this.#max / 4
  }

  /** A character has `experience` now; `undefined` where it is not shown. */
  place(key: Key, experience: number | undefined): void {
    const held = this.#places.has(key)
    if (experience !== undefined && (experience > this.#above || (held && experience === this.#above))) {
      this.#places.set(key, experience)
      this.#touched.add(key)
    } else if (held) {
      this.#places.delete(key)
      this.#touched.add(key)
    }
  }

  /** Puts those on the board who stand on top of all characters: at least half of `max`, or all that there are. */
  refill(top: Iterable<[Key, number]>): void {
    for (const key of this.#places.keys()) this.#touched.add(key)
    this.#places.clear()
    this.#above = NOBODY_LEFT_OUT
    for (const [key, experience] of top) this.place(key, experience)
    if (this.#places.size >= this.#max / 2) this.#cut()
  }

  /** What has changed since it was last asked: who has which experience now, `undefined` for those who left the board. */
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
