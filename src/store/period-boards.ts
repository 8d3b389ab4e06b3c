import { BOARD_KINDS, type BoardKind, type PeriodBoard, type Standing } from '../game/boards.ts'
import { NOBODY_LEFT_OUT, TopPlaces } from './top.ts'

/** Finished periods whose boards are kept, a year of weeks and two of months; older ones are dropped. */
export const KEPT_PERIODS: Readonly<Record<BoardKind, number>> = { week: 53, month: 24, described: 24 }

/** A board as it is stored; see `TopPlaces.above`. */
export type StoredBoard<Key> = PeriodBoard & { above: number; places: Iterable<[Key, number]> }

/** What to write of one board: `above` where it has changed, and who moved, with `undefined` for those who left it. */
export type BoardChange<Key> = PeriodBoard & {
  above: number | undefined
  kept: 'amounts' | 'members'
  places: readonly [Key, number | undefined][]
}

export type PeriodBoardsOptions<Key> = {
  /** See `TopPlacesOptions`. */
  max: number
  boards: Iterable<StoredBoard<Key>>
  /** What is stored of the places on the boards of running periods; see `TopPlacesOptions`. */
  running: 'amounts' | 'members'
}

type Board<Key> = PeriodBoard & {
  places: TopPlaces<Key>
  /** `undefined` before the board is stored. */
  storedAbove: number | undefined
}

/**
 * The boards of all periods that are kept, cached by the writer that stores them. A period runs until somebody has earned
 * something in a later one; then its board is finished. Deletions and edits of old records still change it.
 */
export class PeriodBoards<Key> {
  readonly #max: number
  readonly #running: 'amounts' | 'members'
  readonly #boards: Record<BoardKind, Map<number, Board<Key>>> = {
    week: new Map(),
    month: new Map(),
    described: new Map(),
  }
  readonly #newest: Record<BoardKind, number> = { week: 0, month: 0, described: 0 }
  readonly #touched = new Set<Board<Key>>()
  #dropped: PeriodBoard[] = []

  constructor({ max, boards, running }: PeriodBoardsOptions<Key>) {
    this.#max = max
    this.#running = running
    const stored = [...boards]
    for (const { kind, period } of stored) this.#newest[kind] = Math.max(this.#newest[kind], period)
    for (const { kind, period, above, places } of stored)
      this.#add({ kind, period }, places, above).storedAbove = above
  }

  /** The newest period of this kind; `undefined` before there is any. */
  newest(kind: BoardKind): number | undefined {
    return this.#newest[kind] === 0 ? undefined : this.#newest[kind]
  }

  /** Boards that so many have left that it is worth reading all characters for `refill`. */
  *short(): Generator<PeriodBoard> {
    for (const { kind, period, places } of this.#all()) if (places.isShort) yield { kind, period }
  }

  /** Places a person who is shown, by what has changed; see `ActorChange.standings`. */
  place(key: Key, standings: readonly Standing[]): void {
    for (const { kind, period, earned } of standings) {
      const board = this.#open(kind, period)
      if (board === undefined) continue
      board.places.place(key, earned > 0 ? earned : undefined)
      this.#touched.add(board)
    }
  }

  /** Takes a person who is no longer shown from all boards. */
  leave(key: Key): void {
    for (const board of this.#all()) {
      if (!board.places.has(key)) continue
      board.places.place(key, undefined)
      this.#touched.add(board)
    }
  }

  /** Fills a board anew; see `TopPlaces.refill`. */
  refill({ kind, period }: PeriodBoard, top: Iterable<[Key, number]>): void {
    const board = this.#open(kind, period)
    board?.places.refill(top)
    if (board !== undefined) this.#touched.add(board)
  }

  /**
   * Drops all boards, for a recompute, which places everybody anew. The running periods are forgotten, too: nobody who is
   * shown may be left in them, and the store takes the newest board that it has for the running one.
   */
  clear(): void {
    for (const { kind, period } of [...this.#all()]) this.#drop(kind, period)
    for (const kind of BOARD_KINDS) this.#newest[kind] = 0
  }

  /** Changes since the last call. Boards that are dropped have no others. */
  takeChanges(): { changed: BoardChange<Key>[]; dropped: PeriodBoard[] } {
    const changed: BoardChange<Key>[] = []
    for (const board of this.#touched) {
      const { kind, period, places, storedAbove } = board
      const moved = places.takeChanges()
      const { above, kept } = places
      if (moved.length === 0 && above === storedAbove) continue
      changed.push({ kind, period, above: above === storedAbove ? undefined : above, kept, places: moved })
      board.storedAbove = above
    }
    const dropped = this.#dropped
    this.#touched.clear()
    this.#dropped = []
    return { changed, dropped }
  }

  *#all(): Generator<Board<Key>> {
    for (const boards of Object.values(this.#boards)) yield* boards.values()
  }

  /** The board, made where there is none; `undefined` where it is of a period that is no longer kept. */
  #open(kind: BoardKind, period: number): Board<Key> | undefined {
    const board = this.#boards[kind].get(period)
    if (board !== undefined) return board
    const newest = this.#newest[kind]
    if (period < newest - KEPT_PERIODS[kind]) return undefined
    if (period > newest) this.#begin(kind, period)
    const begun = this.#add({ kind, period }, [], NOBODY_LEFT_OUT)
    this.#touched.add(begun)
    return begun
  }

  /** A later period begins than all before: the newest one is finished, and the oldest ones are dropped. */
  #begin(kind: BoardKind, period: number): void {
    const finished = this.#boards[kind].get(this.#newest[kind])
    if (finished !== undefined) {
      finished.places.finish()
      this.#touched.add(finished)
    }
    this.#newest[kind] = period
    for (const old of [...this.#boards[kind].keys()]) {
      if (old < period - KEPT_PERIODS[kind]) this.#drop(kind, old)
    }
  }

  #add({ kind, period }: PeriodBoard, places: Iterable<[Key, number]>, above: number): Board<Key> {
    const kept = period === this.#newest[kind] ? this.#running : 'amounts'
    const top = new TopPlaces({ max: this.#max, places, above, kept })
    const board: Board<Key> = { kind, period, places: top, storedAbove: undefined }
    this.#boards[kind].set(period, board)
    return board
  }

  #drop(kind: BoardKind, period: number): void {
    const board = this.#boards[kind].get(period)
    if (board === undefined) return
    this.#touched.delete(board)
    this.#boards[kind].delete(period)
    this.#dropped.push({ kind, period })
  }
}
