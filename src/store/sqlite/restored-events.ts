import type { DatabaseSync } from 'node:sqlite'
import type { Nsid } from '@atcute/lexicons/syntax'
import type { Cause, LedgerEvent } from '../../game/state.ts'
import type { OrderedEvent } from '../export/ledger-copy.ts'
import type { RulesVersion } from '../rules.ts'
import type { ActorRow } from './actor-row.ts'
import { kindOf } from './apply.ts'
import { RestoredVersions } from './restored-versions.ts'
import type { Tables } from './tables.ts'

/** Events entered in one transaction. */
const AT_ONCE = 10_000

/**
 * The table `restored_events`, which is there while a ledger is restored: an export has events person by person, and `events` has
 * those of everybody in the order in which they were entered, in which they are pruned, too.
 */
export class RestoredEvents {
  readonly #db: DatabaseSync
  readonly #tables: Tables
  readonly #versions: RestoredVersions
  readonly #sql: ReturnType<typeof prepare>

  constructor(db: DatabaseSync, tables: Tables) {
    this.#db = db
    this.#tables = tables
    this.#versions = new RestoredVersions(db)
    this.#sql = prepare(db)
  }

  /** Makes the tables; changes those of a restore that an older program began, from an export without versions. */
  static create(db: DatabaseSync): void {
    RestoredVersions.create(db)
    db.exec(`CREATE TABLE IF NOT EXISTS restored_events (
      sorted INTEGER NOT NULL, number INTEGER NOT NULL, did TEXT NOT NULL, at INTEGER NOT NULL,
      collection TEXT NOT NULL, rkey TEXT NOT NULL, cause TEXT NOT NULL, reason TEXT NOT NULL,
      delta INTEGER NOT NULL, experience INTEGER NOT NULL, rules INTEGER NOT NULL DEFAULT 1, PRIMARY KEY (sorted, number)
    ) STRICT, WITHOUT ROWID`)
    const hasVersions = db.prepare("SELECT 1 FROM pragma_table_info('restored_events') WHERE name = 'rules'")
    if (hasVersions.get() === undefined)
      db.exec('ALTER TABLE restored_events ADD COLUMN rules INTEGER NOT NULL DEFAULT 1')
  }

  /** @param number differs for each event, and grows */
  add({ event, order }: OrderedEvent, number: number): void {
    const { did, at, collection, rkey, cause, reason, delta, experience, rules } = event
    this.#sql.insert.run(order, number, did, at, collection, rkey, cause, reason, delta, experience, rules)
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
      this.#versions.note(events.nextId, row.id, event.rules)
      events.append(row, kindOf(row, event.collection), event)
    }
    for (const row of rows.values()) people.save(row)
    totals.events += next.length
    this.#tables.save()
    const last = next.at(-1)
    if (last !== undefined) this.#sql.drop.run(Number(last.sorted), Number(last.number))
    return next.length
  }

  /** Ends the restore: all events are entered. Within a transaction. */
  finish(versions: readonly RulesVersion[]): void {
    const { events, people } = this.#tables
    this.#versions.finish(versions, { nextEvent: events.nextId, nextActor: people.nextId })
    this.#db.exec('DROP TABLE restored_events')
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
    rules: Number(row.rules),
    delta: Number(row.delta),
    experience: Number(row.experience),
  }
}

function prepare(db: DatabaseSync) {
  return {
    insert: db.prepare('INSERT INTO restored_events VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)'),
    count: db.prepare('SELECT count(*) AS n FROM restored_events'),
    next: db.prepare('SELECT * FROM restored_events ORDER BY sorted, number LIMIT ?'),
    drop: db.prepare('DELETE FROM restored_events WHERE (sorted, number) <= (?, ?)'),
  }
}
