import type { Micros } from '../atproto/event.ts'
import type { Reader, XpCount } from '../store/store.ts'

/** Where a character stands among all that are shown. */
export type Rank = { position: number; of: number; asOf: string }

export type RanksOptions = {
  reader: Reader
  clock: () => Micros
  /** Microseconds that have passed since some moment. */
  monotonic: () => Micros
  /** How old ranks may be. */
  refresh: Micros
}

/** Ranks as of a moment not long ago, made of how many characters hold how much. */
export class Ranks {
  readonly #reader: Reader
  readonly #clock: () => Micros
  readonly #monotonic: () => Micros
  readonly #refresh: Micros
  #experience: number[] = []
  /** How many characters hold at least as much as the entry of `#experience` in the same place. */
  #above: number[] = []
  /** When they were made; monotonic. */
  #made: Micros | undefined
  /** The same as people read it. */
  #asOf = ''
  #refreshing: Promise<void> | undefined

  constructor({ reader, clock, monotonic, refresh }: RanksOptions) {
    this.#reader = reader
    this.#clock = clock
    this.#monotonic = monotonic
    this.#refresh = refresh
  }

  /**
   * Waits only for the first refresh; later ones go on beside the requests that start them. Never fails: there are
   * no ranks until one succeeds, and the next request tries again.
   */
  ready(): Promise<void> | undefined {
    if (this.#made !== undefined && this.#monotonic() - this.#made < this.#refresh) return undefined
    this.#refreshing ??= this.#reader
      .xpHistogram()
      .then(
        (standings) => this.#take(standings),
        () => {},
      )
      .finally(() => {
        this.#refreshing = undefined
      })
    return this.#made === undefined ? this.#refreshing : undefined
  }

  /** 1 + the number of characters with more XP; `null` while no ranks are known. */
  of(experience: number): Rank | null {
    if (this.#made === undefined) return null
    let low = 0
    let high = this.#experience.length
    while (low < high) {
      const middle = (low + high) >>> 1
      if ((this.#experience[middle] ?? 0) > experience) low = middle + 1
      else high = middle
    }
    const position = 1 + (low === 0 ? 0 : (this.#above[low - 1] ?? 0))
    return { position, of: Math.max(position, this.#above.at(-1) ?? 0), asOf: this.#asOf }
  }

  #take(standings: readonly XpCount[]): void {
    let sum = 0
    this.#experience = standings.map(({ experience }) => experience)
    this.#above = standings.map(({ characters }) => {
      sum += characters
      return sum
    })
    this.#made = this.#monotonic()
    this.#asOf = new Date(this.#clock() / 1000).toISOString()
  }
}
