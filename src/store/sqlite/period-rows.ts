import type { DatabaseSync, StatementSync } from 'node:sqlite'
import { BOARD_KINDS, type BoardKind, type PeriodBoard, type Standing } from '../../game/boards.ts'
import { type BoardChange, PeriodBoards } from '../period-boards.ts'
import type { Names } from './names.ts'
import { PeriodPlaces, RUNNING } from './period-places.ts'
import { topOf } from './period-top.ts'

/** Ten full pages of the API at least. */
const MAX_PLACES = 1_000

/**
 * The tables `boards`, `running` and `places`: who is on the boards of periods, by actor id. While a period runs, what somebody
 * earns in it is written with their own row alone, and one row says on which boards they are: else each event of those at
 * the top would write pages of several boards.
 */
export class PeriodRows {
  readonly #db: DatabaseSync
  readonly #names: Names
  readonly #boards: PeriodBoards<number>
  /** By kind and period. */
  readonly #ids = new Map<string, number>()
  /** The bits of each actor who is on a board of a running period, and those that have to be written. */
  readonly #bits = new Map<number, number>()
  readonly #dirty = new Set<number>()
  /** The periods that the bits are about. */
  readonly #running = new Map<BoardKind, number>()
  readonly #sql: Statements

  constructor(db: DatabaseSync, names: Names) {
    this.#db = db
    this.#names = names
    this.#sql = prepare(db)
    const stored = new PeriodPlaces(db).all()
    for (const { id, kind, period } of stored) this.#ids.set(`${kind} ${period}`, id)
    this.#boards = new PeriodBoards({ max: MAX_PLACES, boards: stored, running: 'members' })
    for (const { actor, boards } of db.prepare('SELECT actor, boards FROM running').all())
      this.#bits.set(Number(actor), Number(boards))
    for (const kind of BOARD_KINDS) this.#follow(kind)
  }

  /** Places a person who is shown; see `ActorChange.standings`. */
  place(actor: number, standings: readonly Standing[]): void {
    this.#boards.place(actor, standings)
  }

  /** Takes a person who is no longer shown from all boards. */
  leave(actor: number): void {
    this.#boards.leave(actor)
  }

  /** Drops all boards, for a recompute, which places everybody anew. */
  clear(): void {
    this.#boards.clear()
  }

  /** Writes what has changed since the last call. */
  save(): void {
    const { changed, dropped } = this.#boards.takeChanges()
    for (const board of dropped) this.#drop(board)
    for (const kind of BOARD_KINDS) this.#follow(kind)
    for (const change of changed) this.#write(change)
    for (const actor of this.#dirty) {
      const bits = this.#bits.get(actor)
      if (bits === undefined) this.#sql.dropRunning.run(actor)
      else this.#sql.putRunning.run(actor, bits)
    }
    this.#dirty.clear()
  }

  /** Fills boards that many have left. Takes seconds with millions of characters. */
  refill(): void {
    for (const board of [...this.#boards.short()])
      this.#boards.refill(board, topOf(this.#db, this.#names, board, MAX_PLACES / 2))
    this.save()
  }

  /** A later period runs now: nobody is on its board yet. */
  #follow(kind: BoardKind): void {
    const newest = this.#boards.newest(kind)
    const before = this.#running.get(kind)
    if (newest === undefined || newest === before) return
    this.#running.set(kind, newest)
    if (before !== undefined) this.#clearBits(kind)
  }

  #write({ kind, period, above, kept, places }: BoardChange<number>): void {
    const name = `${kind} ${period}`
    const id = this.#ids.getOrInsertComputed(name, () => Number(this.#sql.newBoard.get()?.id))
    if (above !== undefined) this.#sql.putBoard.run(id, kind, period, above)
    for (const [actor, earned] of places) {
      if (kept === 'members') this.#setBit(actor, kind, earned !== undefined)
      else if (earned === undefined) this.#sql.drop.run(id, actor)
      else this.#sql.put.run(id, actor, earned)
    }
  }

  #setBit(actor: number, kind: BoardKind, isOn: boolean): void {
    const { bit } = RUNNING[kind]
    const before = this.#bits.get(actor) ?? 0
    const after = isOn ? before | bit : before & ~bit
    if (after === before) return
    if (after === 0) this.#bits.delete(actor)
    else this.#bits.set(actor, after)
    this.#dirty.add(actor)
  }

  #drop({ kind, period }: PeriodBoard): void {
    const name = `${kind} ${period}`
    const id = this.#ids.get(name)
    if (this.#running.get(kind) === period) this.#clearBits(kind)
    if (id === undefined) return
    this.#ids.delete(name)
    this.#sql.dropBoard.run(id)
    this.#sql.dropPlaces.run(id)
  }

  #clearBits(kind: BoardKind): void {
    for (const actor of [...this.#bits.keys()]) this.#setBit(actor, kind, false)
  }
}

type Statements = ReturnType<typeof prepare>

function prepare(db: DatabaseSync) {
  const sql = (text: string): StatementSync => db.prepare(text)
  return {
    newBoard: sql('SELECT coalesce(max(id), 0) + 1 AS id FROM boards'),
    putBoard: sql('INSERT OR REPLACE INTO boards (id, kind, period, above) VALUES (?, ?, ?, ?)'),
    dropBoard: sql('DELETE FROM boards WHERE id = ?'),
    putRunning: sql('INSERT OR REPLACE INTO running (actor, boards) VALUES (?, ?)'),
    dropRunning: sql('DELETE FROM running WHERE actor = ?'),
    put: sql('INSERT OR REPLACE INTO places (board, actor, earned) VALUES (?, ?, ?)'),
    drop: sql('DELETE FROM places WHERE board = ? AND actor = ?'),
    dropPlaces: sql('DELETE FROM places WHERE board = ?'),
  }
}
