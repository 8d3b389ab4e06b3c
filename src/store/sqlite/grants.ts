import type { DatabaseSync, StatementSync } from 'node:sqlite'
import type { Granted, RecordState } from '../../game/state.ts'
import { ALL_DAYS, type Day, type DaySpan, dayOf } from '../../game/time.ts'
import type { ActorRow } from './actor-row.ts'
import type { Names } from './names.ts'

/** The table `grants`: XP that caps have granted, by person, day and collection. Empty while there are no caps. */
export class Grants {
  readonly #names: Names
  readonly #onDay: StatementSync
  readonly #within: StatementSync
  readonly #insert: StatementSync
  readonly #deleteDay: StatementSync
  readonly #deleteAll: StatementSync

  constructor(db: DatabaseSync, names: Names) {
    this.#names = names
    this.#onDay = db.prepare('SELECT day, collection, xp FROM grants WHERE actor = ? AND day = ?')
    this.#within = db.prepare(
      'SELECT day, collection, xp FROM grants WHERE actor = ? AND day BETWEEN ? AND ?',
    )
    this.#insert = db.prepare('INSERT INTO grants (actor, day, collection, xp) VALUES (?, ?, ?, ?)')
    this.#deleteDay = db.prepare('DELETE FROM grants WHERE actor = ? AND day = ?')
    this.#deleteAll = db.prepare('DELETE FROM grants WHERE actor = ?')
  }

  /** Grants on `days`, and on the days on which `records` were first witnessed. */
  on(row: ActorRow, days: ReadonlySet<Day>, records: Iterable<RecordState>): Map<Day, Granted> {
    const all = new Set(days)
    for (const { at } of records) all.add(dayOf(at))
    return this.#read([...all].flatMap((day) => this.#onDay.all(row.id, day)))
  }

  of(row: ActorRow): Map<Day, Granted> {
    return this.within(row, ALL_DAYS)
  }

  within(row: ActorRow, { first, last }: Readonly<DaySpan>): Map<Day, Granted> {
    return this.#read(this.#within.all(row.id, first, last))
  }

  put(row: ActorRow, day: Day, granted: Granted): void {
    this.#deleteDay.run(row.id, day)
    for (const [nsid, xp] of granted) this.#insert.run(row.id, day, this.#names.collection(nsid), xp)
  }

  purge(row: ActorRow): void {
    this.#deleteAll.run(row.id)
  }

  #read(rows: readonly Record<string, unknown>[]): Map<Day, Granted> {
    const byDay = Map.groupBy(rows, ({ day }) => Number(day))
    return new Map(
      [...byDay].map(([day, those]) => [
        day,
        new Map(those.map(({ collection, xp }) => [this.#names.nsid(Number(collection)), Number(xp)])),
      ]),
    )
  }
}
