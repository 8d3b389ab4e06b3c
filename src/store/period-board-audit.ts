import { type BoardKind, type PeriodBoard, periodName, type Standing } from '../game/boards.ts'
import type { Finding } from './auditor.ts'
import { KEPT_PERIODS, type StoredBoard } from './period-boards.ts'

type AuditedBoard<Key> = PeriodBoard & { above: number; places: ReadonlyMap<Key, number> }

const PLACE = 'place on the board of'

/** Whether a finding of this name is a place on the board of a period. */
export function isPlace(what: string): boolean {
  return what.startsWith(PLACE)
}

/**
 * Compares the stored boards of periods with what everybody has: each place, and that nobody is missing who has more than
 * the end of a board. Characters with exactly as much may be on it or not.
 */
export class PeriodBoardAudit<Key> {
  readonly #boards = new Map<string, AuditedBoard<Key>>()
  readonly #newest = new Map<BoardKind, number>()
  /** Which boards people are on, of whom nothing was asked yet. */
  readonly #unseen = new Map<Key, AuditedBoard<Key>[]>()

  constructor(boards: Iterable<StoredBoard<Key>>) {
    for (const { kind, period, above, places } of boards) {
      const board = { kind, period, above, places: new Map(places) }
      this.#boards.set(`${kind} ${period}`, board)
      this.#newest.set(kind, Math.max(period, this.#newest.get(kind) ?? 0))
      for (const key of board.places.keys()) this.#unseen.getOrInsertComputed(key, () => []).push(board)
    }
  }

  /** How many people are on boards of whom `differences` was never asked. */
  get strays(): number {
    return this.#unseen.size
  }

  /** Differences between the boards and all standings of one person, who has none where they are not shown. */
  differences(key: Key, standings: Iterable<Standing>): Omit<Finding, 'did'>[] {
    const found: Omit<Finding, 'did'>[] = []
    const others = new Set(this.#unseen.get(key))
    this.#unseen.delete(key)
    const compare = (board: PeriodBoard, expected: number, actual: number): void => {
      if (expected === actual) return
      found.push({ what: `${PLACE} ${board.kind} ${periodName(board)}`, expected, actual })
    }
    for (const { kind, period, earned } of standings) {
      if (earned === 0 || !this.#isKept(kind, period)) continue
      const board = this.#boards.get(`${kind} ${period}`)
      if (board === undefined) {
        compare({ kind, period }, earned, 0)
        continue
      }
      others.delete(board)
      const placed = board.places.get(key)
      const belongs = earned > board.above || (earned === board.above && placed !== undefined)
      compare(board, belongs ? earned : 0, placed ?? 0)
    }
    for (const board of others) compare(board, 0, board.places.get(key) ?? 0)
    return found
  }

  /** A ledger from before there were boards has none until a writer opens it. */
  #isKept(kind: BoardKind, period: number): boolean {
    const newest = this.#newest.get(kind)
    return newest !== undefined && period >= newest - KEPT_PERIODS[kind]
  }
}
