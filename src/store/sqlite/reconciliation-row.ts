import type { DatabaseSync, StatementSync } from 'node:sqlite'
import type { Did, Micros } from '../../atproto/event.ts'
import {
  beginning,
  ended,
  isOpen,
  movedOn,
  type NewGap,
  queued,
  type Reconciliation,
  type ReconciliationStep,
  readReconciliation,
  writeReconciliation,
} from '../reconciliation.ts'
import type { Tables } from './tables.ts'

/** How far everybody is compared with their repositories, in the order of their ids. All but reads run inside a transaction. */
export class ReconciliationRow {
  readonly #tables: Tables
  readonly #read: StatementSync
  readonly #save: StatementSync
  readonly #next: StatementSync

  constructor(db: DatabaseSync, tables: Tables) {
    this.#tables = tables
    this.#read = db.prepare('SELECT json, up_to FROM reconciliation')
    this.#save = db.prepare('INSERT OR REPLACE INTO reconciliation (id, json, up_to) VALUES (1, ?, ?)')
    this.#next = db.prepare('SELECT did FROM actors WHERE id > ? AND id < ? ORDER BY id LIMIT ?')
  }

  open(): Reconciliation | undefined {
    const reconciliation = readReconciliation(this.#read.get()?.json)
    return isOpen(reconciliation) ? reconciliation : undefined
  }

  next(after: Did | undefined, limit: number): Did[] {
    const from = after === undefined ? 0 : (this.#tables.people.find(after)?.id ?? 0)
    return this.#next.all(from, this.#upTo(), limit).map(({ did }) => did as Did)
  }

  queue(gap: NewGap): void {
    const before = this.open()
    const now = queued(before, gap, this.#people())
    this.#write(now, before?.isBegun ? this.#upTo() : this.#tables.people.nextId)
  }

  begin(): Reconciliation | undefined {
    const before = this.open()
    if (before !== undefined && !before.isBegun) this.#write(beginning(before), this.#upTo())
    return before
  }

  moveOn(step: ReconciliationStep): void {
    const before = this.open()
    if (before !== undefined) this.#write(movedOn(before, step), this.#upTo())
  }

  end(at: Micros): void {
    const before = this.open()
    if (before !== undefined) this.#write(ended(before, at, this.#people()), this.#tables.people.nextId)
  }

  /** Characters who are shown, and those who wait to be. */
  #people(): number {
    const { characters, introductions } = this.#tables.histogram
    return characters + introductions
  }

  #upTo(): number {
    return Number(this.#read.get()?.up_to ?? 0)
  }

  #write(reconciliation: Reconciliation, upTo: number): void {
    this.#save.run(writeReconciliation(reconciliation), upTo)
  }
}
