/** `above` of a board that has room for everybody. */
export const NOBODY_LEFT_OUT = -1

export type TopPlacesOptions<Key> = {
  /** Maximum characters on the board; once there are more, it is cut back to half as many. */
  max: number
  /** The characters on the board, and how much they have: of XP, or whatever the board goes by. */
  places: Iterable<[Key, number]>
  /** See `TopPlaces.above`. */
  above: number
  /**
   * What the store keeps of a character on the board: how much they have, or only that they are on it, because the store
   * knows the amount by other rows. @default 'amounts'
   */
  kept?: 'amounts' | 'members'
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
  #kept: 'amounts' | 'members'

  constructor({ max, places, above, kept = 'amounts' }: TopPlacesOptions<Key>) {
    this.#max = max
    this.#places = new Map(places)
    this.#above = above
    this.#kept = kept
  }

  /** Every character with more than this is on the board; of those with exactly this much, some are. */
  get above(): number {
    return this.#above
  }

  /** See `TopPlacesOptions`. */
  get kept(): 'amounts' | 'members' {
    return this.#kept
  }

  /** True where so many have left the board that it is worth reading all characters for `refill`. */
  get isShort(): boolean {
    return this.#above > NOBODY_LEFT_OUT && this.#places.size < this.#max / 4
  }

  has(key: Key): boolean {
    return this.#places.has(key)
  }

  /** Places a character that has `amount` now; `undefined` where it is not shown. */
  place(key: Key, amount: number | undefined): void {
    const had = this.#places.get(key)
    if (amount !== undefined && (amount > this.#above || (had !== undefined && amount === this.#above))) {
      this.#places.set(key, amount)
      if (had === undefined || (had !== amount && this.#kept === 'amounts')) this.#touched.add(key)
      // Many come at once while nearly everybody is new: what was cut keeps the next ones out.
      if (this.#places.size > this.#max * 2) this.#cut()
    } else if (had !== undefined) {
      this.#places.delete(key)
      this.#touched.add(key)
    }
  }

  /** Ends a board on which amounts seldom change from now on: keeps half of `max`, with their amounts. */
  finish(): void {
    if (this.#kept === 'members') for (const key of this.#places.keys()) this.#touched.add(key)
    this.#kept = 'amounts'
    if (this.#places.size > this.#max / 2) this.#cut()
  }

  /** Fills the board anew. @param top the characters with most: at least half of `max`, or all where there are fewer */
  refill(top: Iterable<[Key, number]>): void {
    for (const key of this.#places.keys()) this.#touched.add(key)
    this.#places.clear()
    this.#above = NOBODY_LEFT_OUT
    for (const [key, amount] of top) this.place(key, amount)
    if (this.#places.size >= this.#max / 2) this.#cut()
  }

  /** Changes since the last call: characters with what they have now, `undefined` for those who left the board. */
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
