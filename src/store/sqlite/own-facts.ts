import type { DatabaseSync, StatementSync } from 'node:sqlite'
import { StoreError } from '../store.ts'
import type { StoredKey } from './tid.ts'

/** The key of a record's row: its own key, its actor's id and its collection's. */
export type RecordKeys = readonly [key: StoredKey, actor: number, collection: number]

/**
 * The table `own_facts`: `Facts.own` of the records whose rule has such a fact. It is a table of its own since a column that
 * is empty would take a byte of every record, three of a hundred.
 */
export class OwnFacts {
  readonly #select: StatementSync
  readonly #put: StatementSync
  readonly #drop: StatementSync
  /** Nearly always: then there is nothing to drop. */
  #isEmpty: boolean

  constructor(db: DatabaseSync) {
    this.#select = db.prepare('SELECT own FROM own_facts WHERE rkey = ? AND actor = ? AND collection = ?')
    this.#put = db.prepare(
      'INSERT OR REPLACE INTO own_facts (rkey, actor, collection, own) VALUES (?, ?, ?, ?)',
    )
    this.#drop = db.prepare('DELETE FROM own_facts WHERE rkey = ? AND actor = ? AND collection = ?')
    this.#isEmpty = db.prepare('SELECT 1 FROM own_facts LIMIT 1').get() === undefined
  }

  /** The fact of a record whose column `state` says that it has one. */
  of(keys: RecordKeys): string {
    const row = this.#select.get(...keys)
    if (row === undefined)
      throw new StoreError(
        'a record lacks the fact that its row says it has: the file is damaged. Restore a backup; see docs/operating.md.',
      )
    return String(row.own)
  }

  /** Stores the fact of a record; `undefined` where it has none, or is gone. */
  put(keys: RecordKeys, own: string | undefined): void {
    if (own !== undefined) {
      this.#put.run(...keys, own)
      this.#isEmpty = false
    } else if (!this.#isEmpty) this.#drop.run(...keys)
  }
}
