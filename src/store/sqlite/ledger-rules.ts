import type { DatabaseSync } from 'node:sqlite'
import { setTimeout as sleep } from 'node:timers/promises'
import type { Did } from '@atcute/lexicons/syntax'
import type { LedgerRules, RulesState, Survey, SurveyedPerson, WantedRules } from '../rules.ts'
import { StoreBusyError } from '../store.ts'
import { SHOWN } from '../visibility.ts'
import { load } from './load.ts'
import { Names } from './names.ts'
import { Rulebooks, writeTitles } from './rulebooks.ts'
import { Tables } from './tables.ts'
import { VISIT_COLUMNS, visitOf } from './visits.ts'

/** How often, and for how long, to try to leave rules while another connection has the file's write lock. */
const TRY_EVERY_MS = 25
const TRIES = 200

export type SqliteRulesOptions = {
  reading: DatabaseSync
  /** Runs `work` in a transaction over a connection of its own, once. */
  leaving: (work: (db: DatabaseSync) => void) => void
  /** Opens a connection that only reads. */
  open: () => DatabaseSync
}

export class SqliteRules implements LedgerRules {
  readonly #options: SqliteRulesOptions
  readonly #rulebooks: Rulebooks

  constructor(options: SqliteRulesOptions) {
    this.#options = options
    this.#rulebooks = new Rulebooks(options.reading)
  }

  async state(): Promise<RulesState> {
    return this.#rulebooks.state()
  }

  async leave({ fingerprint, titles }: WantedRules): Promise<void> {
    for (let tries = 1; ; tries++) {
      try {
        this.#options.leaving((db) =>
          db
            .prepare('INSERT OR REPLACE INTO wanted_rules (id, fingerprint, titles) VALUES (1, ?, ?)')
            .run(fingerprint, writeTitles(titles)),
        )
        return
      } catch (error) {
        if (!(error instanceof StoreBusyError) || tries === TRIES) throw error
        await sleep(TRY_EVERY_MS)
      }
    }
  }

  async survey(): Promise<Survey> {
    return new SqliteSurvey(this.#options.open())
  }
}

/** Looks at one snapshot: the log grows while it is open. */
class SqliteSurvey implements Survey {
  readonly #db: DatabaseSync
  readonly #names: Names
  readonly #tables: Tables

  constructor(db: DatabaseSync) {
    this.#db = db
    db.exec('BEGIN')
    this.#names = new Names(db)
    this.#tables = new Tables(db)
  }

  async people(after: Did | undefined, limit: number): Promise<SurveyedPerson[]> {
    return this.#db
      .prepare(
        `SELECT ${VISIT_COLUMNS}, experience, standing FROM actors
           WHERE id > coalesce((SELECT id FROM actors WHERE did = ?), 0) ORDER BY id LIMIT ?`,
      )
      .all(after ?? '', limit)
      .map((row) => ({
        ...visitOf(row, this.#names),
        experience: Number(row.experience),
        isShown: row.standing === SHOWN,
      }))
  }

  load(touched: Parameters<Survey['load']>[0]): ReturnType<Survey['load']> {
    // Nothing of a survey is in parts.
    return Promise.resolve(load(this.#tables, touched, () => undefined))
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#db.close()
  }
}
