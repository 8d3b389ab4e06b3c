import type { DatabaseSync, StatementSync } from 'node:sqlite'
import type { Micros } from '../../atproto/event.ts'
import type { StoreStatus } from '../store.ts'

const HOUR: Micros = 3_600_000_000
const DAY: Micros = 24 * HOUR

/** The table `samples`: how much there was at what time, a day back, so that rates can be told after a restart too. */
export class Samples {
  readonly #diskBytes: () => number
  readonly #insert: StatementSync
  readonly #last: StatementSync
  readonly #trim: StatementSync

  constructor(db: DatabaseSync, diskBytes: () => number) {
    this.#diskBytes = diskBytes
    this.#insert = db.prepare(
      'INSERT OR REPLACE INTO samples (at, events, disk_bytes, network_bytes) VALUES (?, ?, ?, ?)',
    )
    this.#last = db.prepare('SELECT network_bytes FROM samples ORDER BY at DESC LIMIT 1')
    this.#trim = db.prepare('DELETE FROM samples WHERE at < ?')
  }

  /** `networkBytes` came since the last sample. */
  record({ at, events, networkBytes }: { at: Micros; events: number; networkBytes: number }): void {
    const before = Number(this.#last.get()?.network_bytes ?? 0)
    this.#insert.run(at, events, this.#diskBytes(), before + networkBytes)
    this.#trim.run(at - DAY)
  }
}

/** What a day brings at the rate of the last hour; `undefined` before there are two samples a minute apart. */
export function perDay(db: DatabaseSync): StoreStatus['perDay'] {
  const last = db.prepare('SELECT * FROM samples ORDER BY at DESC LIMIT 1').get()
  if (last === undefined) return undefined
  const at = Number(last.at)
  const first = db.prepare('SELECT * FROM samples WHERE at >= ? ORDER BY at LIMIT 1').get(at - HOUR)
  if (first === undefined) return undefined
  const span = at - Number(first.at)
  if (span < 59_000_000) return undefined
  const rate = (column: 'events' | 'disk_bytes' | 'network_bytes') =>
    Math.max(0, Math.round(((Number(last[column]) - Number(first[column])) * DAY) / span))
  return { events: rate('events'), diskBytes: rate('disk_bytes'), networkBytes: rate('network_bytes') }
}
