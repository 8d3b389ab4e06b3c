import type { DatabaseSync, StatementSync } from 'node:sqlite'
import type { Micros } from '../../atproto/event.ts'
import type { UnmovedPerson, Visit } from '../rules.ts'
import type { Names } from './names.ts'
import type { People } from './people.ts'
import { type BoundRules, Rulebooks, writeTitles } from './rulebooks.ts'
import { VISIT_COLUMNS, type VisitRow, visitOf } from './visits.ts'

/** The move that is under way; the ids of people say who has been moved. */
type Move = Pick<BoundRules, 'row' | 'part'> & { firstActor: number; reached: number }

/** Moves people to the newest version of the rules, in the order of their ids; see `EntryVersions` for what that leaves. */
export class Moves {
  readonly #db: DatabaseSync
  readonly #names: Names
  readonly #people: People
  readonly #rulebooks: Rulebooks
  readonly #next: StatementSync
  readonly #one: StatementSync
  #move: Move | undefined

  /** Must run inside a transaction; see `Tables`. */
  constructor(db: DatabaseSync, names: Names, people: People) {
    this.#db = db
    this.#names = names
    this.#people = people
    this.#rulebooks = new Rulebooks(db)
    this.#next = db.prepare(`SELECT ${VISIT_COLUMNS} FROM actors WHERE id > ? AND id < ? ORDER BY id LIMIT ?`)
    this.#one = db.prepare(`SELECT ${VISIT_COLUMNS} FROM actors WHERE id = ?`)
    this.#readMove()
  }

  /** Whether the newest rules award the person with this id. */
  isMoved(actor: number): boolean {
    const move = this.#move
    return move === undefined || actor <= move.reached || actor >= move.firstActor
  }

  /** Begins a move to the rules that another process has left, if there are any and none is under way. */
  takeUp({ at, nextEvent, oldestEvent }: { at: Micros; nextEvent: number; oldestEvent: number }): void {
    const wanted = this.#rulebooks.wanted()
    if (wanted === undefined || this.#move !== undefined) return
    this.#db.exec('DELETE FROM wanted_rules')
    const titles = writeTitles(wanted.titles)
    const newest = this.#rulebooks.read().versions.at(-1)
    if (newest?.fingerprint === wanted.fingerprint && writeTitles(newest.titles) === titles) return
    // Of moves that ended before the oldest entry that is kept, nothing is asked any more.
    this.#db
      .prepare('DELETE FROM moves WHERE version IN (SELECT version FROM rulebooks WHERE ended_event <= ?)')
      .run(oldestEvent)
    this.#db
      .prepare(
        'INSERT INTO rulebooks (fingerprint, titles, at, first_event, first_actor) VALUES (?, ?, ?, ?, ?)',
      )
      .run(wanted.fingerprint, titles, at, nextEvent, this.#people.nextId)
    this.#readMove()
  }

  /** The next people to be moved: none at the end. */
  next(limit: number): (Visit & Pick<UnmovedPerson, 'from'>)[] {
    const move = this.#move
    if (move === undefined) return []
    if (move.part !== undefined) {
      const row = this.#one.get(move.reached) as VisitRow | undefined
      return row === undefined ? [] : [{ ...visitOf(row, this.#names), from: move.part }]
    }
    const rows = this.#next.all(move.reached, move.firstActor, limit) as VisitRow[]
    return rows.map((row) => ({ ...visitOf(row, this.#names), from: undefined }))
  }

  /**
   * Notes that people up to the id `reached` have been moved, the last of them but for the records from `part` on. To be
   * called before their entries are appended, of which `nextEvent` is the first.
   */
  advance({
    reached,
    part,
    nextEvent,
  }: {
    reached: number
    part: string | undefined
    nextEvent: number
  }): void {
    const move = this.#move
    if (move === undefined) return
    if (reached > move.reached) this.#step(move, reached, nextEvent)
    if (part !== move.part)
      this.#db.prepare('UPDATE rulebooks SET part = ? WHERE version = ?').run(part ?? null, move.row)
    this.#move = { ...move, reached: Math.max(move.reached, reached), part }
  }

  /** Gives the move up: a recompute that runs alone has awarded everybody by other rules. */
  abandon(): void {
    this.#move = undefined
  }

  /** Ends the move: everybody is awarded by the newest rules. */
  end(nextEvent: number): void {
    if (this.#move === undefined) return
    this.#db.prepare('UPDATE rulebooks SET ended_event = ? WHERE version = ?').run(nextEvent, this.#move.row)
    this.#move = undefined
  }

  /** Where nothing was entered since the step before, both are one. */
  #step({ row, reached: before }: Move, reached: number, nextEvent: number): void {
    const joined = this.#db
      .prepare('UPDATE moves SET up_to = ? WHERE version = ? AND up_to = ? AND first_event = ?')
      .run(reached, row, before, nextEvent)
    if (joined.changes === 0)
      this.#db
        .prepare('INSERT INTO moves (version, up_to, first_event) VALUES (?, ?, ?)')
        .run(row, reached, nextEvent)
  }

  #readMove(): void {
    const newest = this.#rulebooks.read().versions.at(-1)
    if (newest?.firstActor === undefined || newest.endedEvent !== undefined) return
    const { row, part, firstActor } = newest
    this.#move = { row, part, firstActor, reached: this.#rulebooks.reached(newest) }
  }
}
