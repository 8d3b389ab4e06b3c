import type { DatabaseSync, StatementSync } from 'node:sqlite'
import { type Cursor, isReached } from '../../atproto/event.ts'

/** The table `cursor`: the stream's place, in one row. */
export class CursorRow {
  readonly #select: StatementSync
  readonly #save: StatementSync

  constructor(db: DatabaseSync) {
    this.#select = db.prepare('SELECT host, wire, value, at FROM cursor')
    this.#save = db.prepare(
      'INSERT OR REPLACE INTO cursor (id, host, wire, value, at) VALUES (1, ?, ?, ?, ?)',
    )
  }

  read(): Cursor | undefined {
    const row = this.#select.get()
    if (row === undefined) return undefined
    return { host: String(row.host), wire: String(row.wire), value: Number(row.value), at: Number(row.at) }
  }

  /** The same, but `undefined` where the stream has only begun. */
  readReached(): Cursor | undefined {
    const cursor = this.read()
    return cursor !== undefined && isReached(cursor) ? cursor : undefined
  }

  save({ host, wire, value, at }: Cursor): void {
    this.#save.run(host, wire, value, at)
  }
}
