import type { DatabaseSync } from 'node:sqlite'
import type { Nsid } from '@atcute/lexicons/syntax'
import type { Cause, LedgerEvent } from '../../game/state.ts'
import type { OrderedEvent } from '../export/ledger-copy.ts'
import type { ActorRow } from './actor-row.ts'
import { kindOf } from './apply.ts'
import type { Tables } from './tables.ts'

/** Events entered in one transaction. */
const AT_ONCE = 10_000

/**
 * The table `restored_events`, which is there while a ledger is restored: an export has events person by person, and `events` has
 * those of everybody in the order in which they were entered, in which they are pruned, too.
 */
export class RestoredEvents {
  readonly #tables: Tables
  readonly #sql: ReturnType<typeof prepare>

  constructor(db: DatabaseSync, tables: Tables) {
    this.#tables = tables
    this.#sql = prepare(db)
  }

  static create(db: DatabaseSync): void {
    db.exec(`CREATE TABLE restored_events (
      sorted INTEGER NOT NULL, number INTEGER NOT NULL, did TEXT NOT NULL, at INTEGER NOT NULL,
      collection TEXT NOT NULL, rkey TEXT NOT NULL, cause TEXT NOT NULL, reason TEXT NOT NULL,
      delta INTEGER NOT NULL, experience INTEGER NOT NULL, PRIMARY KEY (sorted, number)
    ) STRICT, WITHOUT ROWID`)
  }

  /** @param number differs for each event, and grows */
  add({ event, order }: OrderedEvent, number: number): void {
    const { did, at, collection, rkey, cause, reason, delta, experience } = event
    this.#sql.insert.run(order, number, did, at, collection, rkey, cause, reason, delta, experience)
  }

  count(): number {
    return Number(this.#sql.count.get()?.n)
  }

  /** Enters the next events; returns how many. Within a transaction. */
  enterSome(): number {
    const { people, events, totals } = this.#tables
    const next = this.#sql.next.all(AT_ONCE)
    const rows = new Map<string, ActorRow>()
    for (const stored of next) {
      const event = eventOf(stored)
      const row = rows.getOrInsertComputed(event.did, () => people.row(event.did))
      events.append(row, kindOf(row, event.collection), event)
    }
    for (const row of rows.values()) people.save(row)
    totals.events += next.length
    this.#tables.save()
    const last = next.at(-1)
    if (last !== undefined) this.#sql.drop.run(Number(last.sorted), Number(last.number))
    return next.length
  }
}

function eventOf(row: Record<string, unknown>): LedgerEvent {
  return {
    did: row.did as LedgerEvent['did'],
    collection: row.collection as Nsid,
    rkey: String(row.rkey),
    at: Number(row.at),
    cause: row.cause as Cause,
    reason: String(row.reason),
    rules: 1,
    delta: Number(row.delta),
    experience: Number(row.experience),
  }
}

function prepare(db: DatabaseSync) {
  return {
    insert: db.prepare('INSERT INTO restored_events VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)'),
    count: db.prepare('SELECT count(*) AS n FROM restored_events'),
    next: db.prepare('SELECT * FROM restored_events ORDER BY sorted, number LIMIT ?'),
    drop: db.prepare('DELETE FROM restored_events WHERE (sorted, number) <= (?, ?)'),
  }
}
