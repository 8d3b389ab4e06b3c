import type { DatabaseSync, StatementSync } from 'node:sqlite'
import { BOARD_KINDS, type BoardKind, type PeriodBoard } from '../../game/boards.ts'
import type { StoredBoard } from '../period-boards.ts'

/** Of a running period: the column of `actors` that has what somebody earned in it, and the bit in `running.boards`. */
export const RUNNING: Readonly<Record<BoardKind, { column: string; bit: number }>> = {
  week: { column: 'week_xp', bit: 1 },
  month: { column: 'month_xp', bit: 2 },
  described: { column: 'described', bit: 4 },
}

type BoardRow = PeriodBoard & { id: number; above: number }

/** Reads the boards of periods from the tables that `PeriodRows` writes. */
export class PeriodPlaces {
  readonly #boards: StatementSync
  readonly #board: StatementSync
  readonly #finished: StatementSync
  readonly #running: ReadonlyMap<BoardKind, StatementSync>

  constructor(db: DatabaseSync) {
    const prepare = (sql: string): StatementSync => {
      const statement = db.prepare(sql)
      statement.setReturnArrays(true)
      return statement
    }
    this.#boards = db.prepare('SELECT id, kind, period, above FROM boards')
    this.#board = db.prepare(
      `SELECT id, period = (SELECT max(period) FROM boards WHERE kind = ?1) AS running
         FROM boards WHERE kind = ?1 AND period = ?2`,
    )
    this.#finished = prepare('SELECT actor, earned FROM places WHERE board = ?')
    this.#running = new Map(
      BOARD_KINDS.map((kind) => {
        const { column, bit } = RUNNING[kind]
        const sql = `SELECT r.actor, a.${column} FROM running r JOIN actors a ON a.id = r.actor WHERE r.boards & ${bit}`
        return [kind, prepare(sql)]
      }),
    )
  }

  /** All boards, with their places. */
  all(): (StoredBoard<number> & { id: number })[] {
    return (this.#boards.all() as unknown as BoardRow[]).map((board) => ({
      ...board,
      places: this.of(board) ?? [],
    }))
  }

  /** Whether there is a board of that period. */
  has({ kind, period }: PeriodBoard): boolean {
    return this.#board.get(kind, period) !== undefined
  }

  /** The actors on the board, and what they have there; `undefined` where there is no board of that period. */
  of({ kind, period }: PeriodBoard): [number, number][] | undefined {
    const row = this.#board.get(kind, period)
    if (row === undefined) return undefined
    const places = row.running === 1 ? this.#running.get(kind)?.all() : this.#finished.all(Number(row.id))
    return places as unknown as [number, number][]
  }
}
