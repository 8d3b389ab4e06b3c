import type { DatabaseSync, StatementSync } from 'node:sqlite'
import type { RulesVersion } from '../rules.ts'
import { writeTitles } from './rulebooks.ts'

/**
 * The table `restored_versions`, which is there while a ledger is restored: with which entry each version of the rules begins. Who
 * was moved to a version later than others has entries of a former one after that; `moves` says from where on theirs are of it,
 * as in a move of this file's own, and holds everybody else to the first.
 */
export class RestoredVersions {
  readonly #db: DatabaseSync
  readonly #begin: StatementSync
  readonly #moveLater: StatementSync
  /** By version, with a place for version 0: all entries are of version 1 or later. */
  readonly #firstEvents: number[] = [0, 1]

  constructor(db: DatabaseSync) {
    this.#db = db
    this.#begin = db.prepare('INSERT INTO restored_versions (version, first_event) VALUES (?, ?)')
    this.#moveLater = db.prepare(
      'INSERT OR REPLACE INTO moves (version, up_to, first_event) VALUES (?, ?, ?)',
    )
    for (const row of db.prepare('SELECT version, first_event FROM restored_versions').all())
      this.#firstEvents[Number(row.version)] = Number(row.first_event)
  }

  static create(db: DatabaseSync): void {
    db.exec(
      'CREATE TABLE IF NOT EXISTS restored_versions (version INTEGER PRIMARY KEY, first_event INTEGER NOT NULL) STRICT',
    )
  }

  /** Notes that the entry `event` of the person with the id `actor` is of version `rules`. Entries come in their order. */
  note(event: number, actor: number, rules: number): void {
    for (let version = this.#firstEvents.length; version <= rules; version++) {
      this.#firstEvents.push(event)
      this.#begin.run(version, event)
    }
    for (let version = rules + 1; version < this.#firstEvents.length; version++)
      this.#moveLater.run(version, actor, event + 1)
  }

  /** Stores the versions, once all entries are noted. `nextEvent` and `nextActor` are the next ids to be given. */
  finish(
    versions: readonly RulesVersion[],
    { nextEvent, nextActor }: { nextEvent: number; nextActor: number },
  ) {
    const db = this.#db
    db.exec('DROP TABLE restored_versions; DELETE FROM rulebooks')
    const insert = db.prepare(
      'INSERT INTO rulebooks (version, fingerprint, titles, at, first_event, first_actor, ended_event) VALUES (?, ?, ?, ?, ?, ?, ?)',
    )
    const late = db.prepare('SELECT max(first_event) AS ended FROM moves WHERE version = ?')
    const holdOthers = db.prepare(
      `INSERT OR IGNORE INTO moves (version, up_to, first_event)
         SELECT version, up_to - 1, ? FROM moves WHERE version = ? AND up_to > 1
         UNION ALL SELECT ?, ?, ?`,
    )
    for (const { version, fingerprint, titles, at } of versions) {
      const first = this.#firstEvents[version] ?? nextEvent
      const ended = late.get(version)?.ended
      const isMoved = ended !== null && ended !== undefined
      const move = isMoved ? [nextActor, Number(ended)] : [null, null]
      insert.run(version, fingerprint, writeTitles(titles), at ?? null, first, ...move)
      if (isMoved) holdOthers.run(first, version, version, nextActor - 1, first)
    }
  }
}
