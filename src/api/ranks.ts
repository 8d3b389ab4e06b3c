import type { Micros } from '../atproto/event.ts'
import { bandOf, type LevelBand, levelOf } from '../game/levels.ts'
import { iso } from '../game/time.ts'
import type { Reader, XpCount } from '../store/store.ts'

/** A place among all characters shown, `behind` of whom have less XP; `asOf` is an ISO time. */
export type Rank = { position: number; of: number; behind: number; asOf: string }

export type BandCount = LevelBand & { characters: number }

export type Levels = { bands: readonly BandCount[]; characters: number; asOf: string }

export type RanksOptions = {
  reader: Reader
  clock: () => Micros
  /** Microseconds of a clock that never goes back. */
  monotonic: () => Micros
  /** Maximum age of ranks, in microseconds. */
  refresh: Micros
}

/** Ranks by XP, computed from the XP histogram and refreshed every so often. */
export class Ranks {
  readonly #reader: Reader
  readonly #clock: () => Micros
  readonly #monotonic: () => Micros
  readonly #refresh: Micros
  #experience: number[] = []
  /** Characters with at least as much XP as the entry of `#experience` at the same index. */
  #above: number[] = []
  /** How many characters there are in each band of levels, lowest first. */
  #bands: readonly BandCount[] = []
  /** When they were computed; monotonic. */
  #made: Micros | undefined
  /** The same as an ISO time. */
  #asOf = ''
  #refreshing: Promise<void> | undefined

  constructor({ reader, clock, monotonic, refresh }: RanksOptions) {
    this.#reader = reader
    this.#clock = clock
    this.#monotonic = monotonic
    this.#refresh = refresh
  }

  /**
   * Starts a refresh if one is due; call it before `of`. Only the first one has to be waited for. Never rejects: after a
   * failure the next call tries again.
   */
  ready(): Promise<void> | undefined {
    if (this.#made !== undefined && this.#monotonic() - this.#made < this.#refresh) return undefined
    this.#refreshing ??= this.#reader
      .xpHistogram()
      .then(
        (histogram) => this.#take(histogram),
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
    const of = Math.max(position, this.#above.at(-1) ?? 0)
    const withAsMuch = this.#experience[low] === experience ? (this.#above[low] ?? 0) : position
    return { position, of, behind: of - withAsMuch, asOf: this.#asOf }
  }

  /** How the levels are distributed: the bands that have characters, lowest first. `null` while no ranks are known. */
  levels(): Levels | null {
    if (this.#made === undefined) return null
    return { bands: this.#bands, characters: this.#above.at(-1) ?? 0, asOf: this.#asOf }
  }

  #take(histogram: readonly XpCount[]): void {
    let sum = 0
    this.#experience = histogram.map(({ experience }) => experience)
    this.#above = histogram.map(({ characters }) => {
      sum += characters
      return sum
    })
    this.#bands = bandsOf(histogram)
    this.#made = this.#monotonic()
    this.#asOf = iso(this.#clock())
  }
}

function bandsOf(histogram: readonly XpCount[]): BandCount[] {
  const bands: BandCount[] = []
  for (const { experience, characters } of histogram.toReversed()) {
    const level = levelOf(experience)
    const last = bands.at(-1)
    if (last !== undefined && level <= last.to) last.characters += characters
    else bands.push({ ...bandOf(level), characters })
  }
  return bands
}
