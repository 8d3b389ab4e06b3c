import type { DatabaseSync, StatementSync } from 'node:sqlite'
import type { Micros } from '../../atproto/event.ts'
import { DAY_MICROS } from '../../game/time.ts'
import { dailyRate, RATE_WINDOW } from '../daily-rate.ts'
import type { StoreStatus } from '../status.ts'

/** The table `samples`: sizes over the last day, from which rates are computed, also after a restart. */
export class Samples {
  readonly #pages: StatementSync
  readonly #insert: StatementSync
  readonly #last: StatementSync
  readonly #trim: StatementSync
  readonly #clear: StatementSync

  constructor(db: DatabaseSync) {
    // Not the size of the files: the log never shrinks while it is in use, and pages of pruned rows are reused.
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

  /** @param sample `networkBytes` are those received since the last sample */
  record({ at, events, networkBytes }: { at: Micros; events: number; networkBytes: number }): void {
    const last = this.#last.get()
    // The clock was set back: older samples no longer say how much time has passed.
    if (last !== undefined && Number(last.at) >= at) this.#clear.run()
    const before = Number(last?.network_bytes ?? 0)
    this.#insert.run(at, events, Number(this.#pages.get()?.bytes), before + networkBytes)
    this.#trim.run(at - DAY_MICROS)
  }
}

/** Amounts per day at the rate of the last hour; `undefined` before there are two samples a minute apart. */
export function perDay(db: DatabaseSync): StoreStatus['perDay'] {
  const last = db.prepare('SELECT * FROM samples ORDER BY at DESC LIMIT 1').get()
  if (last === undefined) return undefined
  const at = Number(last.at)
  const first = db.prepare('SELECT * FROM samples WHERE at >= ? ORDER BY at LIMIT 1').get(at - RATE_WINDOW)
  if (first === undefined) return undefined
  const span = at - Number(first.at)
  const rate = (column: 'events' | 'disk_bytes' | 'network_bytes') =>
    dailyRate(Number(last[column]) - Number(first[column]), span)
  const [events, diskBytes, networkBytes] = [rate('events'), rate('disk_bytes'), rate('network_bytes')]
  if (events === undefined || diskBytes === undefined || networkBytes === undefined) return undefined
  return { events: whole(events), diskBytes: whole(diskBytes), networkBytes: whole(networkBytes) }
}

/** The nearest whole number; 0 where the stored amount has shrunk. */
function whole(amount: number): number {
  return Math.max(0, Math.round(amount))
}
