import type { DatabaseSync, StatementSync } from 'node:sqlite'
import type { Micros } from '../../atproto/event.ts'
import { DAY_MICROS, HOUR_MICROS } from '../../game/time.ts'
import type { StoreStatus } from '../store.ts'

/** The table `samples`: how much there was at what time, a day back, so that rates can be told after a restart too. */
export class Samples {
  readonly #pages: StatementSync
  readonly #insert: StatementSync
  readonly #last: StatementSync
  readonly #trim: StatementSync
  readonly #clear: StatementSync

  constructor(db: DatabaseSync) {
    // Not the size of the files: the log is as large as it ever was, and pages of what was pruned are used again.
    this.#pages = db.prepare(
      `SELECT (page_count - freelist_count) * page_size AS bytes
         FROM pragma_page_count, pragma_freelist_count, pragma_page_size`,
    )
    this.#insert = db.prepare(
      'INSERT OR REPLACE INTO samples (at, events, disk_bytes, network_bytes) VALUES (?, ?, ?, ?)',
    )
    this.#last = db.prepare('SELECT at, network_bytes FROM samples ORDER BY at DESC LIMIT 1')
    this.#trim = db.prepare('DELETE FROM samples WHERE at < ?')
    this.#clear = db.prepare('DELETE FROM samples')
  }

  /** `networkBytes` came since the last sample. */
  record({ at, events, networkBytes }: { at: Micros; events: number; networkBytes: number }): void {
    const last = this.#last.get()
    // The clock was set back: what was noted by it before says nothing of how much time has passed.
    if (last !== undefined && Number(last.at) >= at) this.#clear.run()
    const before = Number(last?.network_bytes ?? 0)
    this.#insert.run(at, events, Number(this.#pages.get()?.bytes), before + networkBytes)
    this.#trim.run(at - DAY_MICROS)
  }
}

/** What a day brings at the rate of the last hour; `undefined` before there are two samples a minute apart. */
export function perDay(db: DatabaseSync): StoreStatus['perDay'] {
  const last = db.prepare('SELECT * FROM samples ORDER BY at DESC LIMIT 1').get()
  if (last === undefined) return undefined
  const at = Number(last.at)
  const first = db.prepare('SELECT * FROM samples WHERE at >= ? ORDER BY at LIMIT 1').get(at - HOUR_MICROS)
  if (first === undefined) return undefined
  const span = at - Number(first.at)
  if (span < 59_000_000) return undefined
  const rate = (column: 'events' | 'disk_bytes' | 'network_bytes') =>
    Math.max(0, Math.round(((Number(last[column]) - Number(first[column])) * DAY_MICROS) / span))
  return { events: rate('events'), diskBytes: rate('disk_bytes'), networkBytes: rate('network_bytes') }
}
