import type { DatabaseSync } from 'node:sqlite'
import { setImmediate as turn } from 'node:timers/promises'
import { isRestoring, restoring } from '../bound-rules.ts'
import { changeOf } from '../export/change-of.ts'
import type { Block, LedgerState, Restorer } from '../export/ledger-copy.ts'
import { StoreError } from '../store.ts'
import { apply } from './apply.ts'
import { CursorRow } from './cursor.ts'
import { RestoredEvents } from './restored-events.ts'
import { bindRules, rulesOf } from './rulebooks.ts'
import { Tables } from './tables.ts'
import type { Transactions } from './transactions.ts'

export type SqliteRestorerOptions = {
  db: DatabaseSync
  path: string
  transactions: Transactions
  lock: Disposable
  assertSpace: () => void
}

/** Fills a file: a block and its line are one transaction. */
export class SqliteRestorer implements Restorer {
  readonly #options: SqliteRestorerOptions
  readonly #tables: Tables
  readonly #events: RestoredEvents
  #reached: number
  #entered: number

  private constructor(options: SqliteRestorerOptions) {
    const { db } = options
    this.#options = options
    this.#tables = new Tables(db)
    this.#events = new RestoredEvents(db, this.#tables)
    const { line, events } = db.prepare('SELECT line, events FROM restoring').get() as Record<string, unknown>
    this.#reached = Number(line)
    this.#entered = Number(events)
  }

  /**
   * Must run inside a transaction of `transactions`.
   * @throws {StoreError} where the ledger is not empty, or half restored from another export
   */
  static open(id: string, options: SqliteRestorerOptions): SqliteRestorer {
    const { db, path } = options
    const rules = rulesOf(db)
    if (rules === undefined) {
      bindRules(db, { fingerprint: restoring(id), titles: undefined })
      db.exec('CREATE TABLE restoring (line INTEGER NOT NULL, events INTEGER NOT NULL) STRICT')
      db.exec('INSERT INTO restoring VALUES (0, 0)')
    } else if (rules !== restoring(id)) {
      throw new StoreError(
        `${path} is not empty${isRestoring(rules) ? ', but half restored from another export' : ''}: a ledger is restored into a new file. Name one in DATABASE_URL.`,
      )
    }
    RestoredEvents.create(db)
    return new SqliteRestorer(options)
  }

  get reached(): number {
    return this.#reached
  }

  async put({ line, pieces, questions }: Block): Promise<void> {
    const { db, transactions, assertSpace } = this.#options
    assertSpace()
    const { people, questions: asked } = this.#tables
    await transactions.run(() => {
      for (const piece of pieces) {
        apply(this.#tables, changeOf(piece))
        const { actor, pruned } = piece.person
        if (piece.isFirst && pruned !== 0) people.setPruned(people.row(actor.did), pruned)
        for (const event of piece.events) this.#events.add(event, ++this.#entered)
      }
      for (const question of questions) asked.restore(people.idOf(question.did), question)
      this.#tables.save()
      db.prepare('UPDATE restoring SET line = ?, events = ?').run(line, this.#entered)
    })
    this.#reached = line
  }

  async finish(state: LedgerState, progress: (done: number, total: number) => void): Promise<void> {
    const { db, transactions, assertSpace } = this.#options
    const total = this.#events.count()
    for (let done = 0; done < total; progress(done, total)) {
      // SQLite never yields to the event loop: without this turn a signal would not arrive.
      await turn()
      assertSpace()
      done += await transactions.run(() => this.#events.enterSome())
    }
    await transactions.run(() => {
      this.#events.finish(state.versions)
      db.exec('DROP TABLE restoring')
      new CursorRow(db).save(state.cursor)
      const gap = db.prepare('INSERT INTO gaps (host, began, ended, reason, at) VALUES (?, ?, ?, ?, ?)')
      for (const { host, from, to, reason, at } of state.gaps) gap.run(host, from, to ?? null, reason, at)
      const wish = db.prepare('INSERT INTO inbox (kind, did, at) VALUES (?, ?, ?)')
      for (const { kind, did, at } of state.wishes) wish.run(kind, did, at)
      if (state.followed !== undefined) {
        db.prepare('INSERT INTO followed (id, json) VALUES (1, ?)').run(JSON.stringify(state.followed))
      }
      if (state.heartbeat !== undefined) {
        const { at, lag, host } = state.heartbeat
        db.prepare('INSERT INTO pulse (id, at, lag, host) VALUES (1, ?, ?, ?)').run(at, lag, host ?? null)
      }
      this.#tables.refillBoards()
    })
  }

  async [Symbol.asyncDispose](): Promise<void> {
    const { db, transactions, lock } = this.#options
    if (!db.isOpen) return
    try {
      transactions.emptyLog()
    } finally {
      db.close()
      lock[Symbol.dispose]()
    }
  }
}
