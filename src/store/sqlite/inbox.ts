import type { DatabaseSync } from 'node:sqlite'
import { type Inbox, StoreBusyError, type WishToLeave } from '../store.ts'
import { isBusy } from './failure.ts'
import type { OpenFiles } from './files.ts'
import { Transactions } from './transactions.ts'

/** How often to try again while another connection has the file's write lock. */
const TRY_EVERY_MS = 25
/** How long to try to leave a wish before it fails. */
const LEAVE_WITHIN_MS = 5_000
/** Maximum wishes that wait for the lock: some hundred kilobytes. */
const MAX_WAITING = 1_000

export type SqliteInboxOptions = {
  /** The ledger's file. */
  path: string
  /** Opens a connection of the inbox's own that never waits for a lock; called for the first wish. */
  connect: () => DatabaseSync
  /** The files that the connection opened. */
  files: () => OpenFiles
}

type Waiting = { wish: WishToLeave; untilMs: number; resolve: () => void; reject: (error: unknown) => void }

/**
 * Leaves wishes in the file. The API does so in the thread that answers all requests, which must not block, while ingest may
 * hold the write lock for as long as a large transaction takes. So a timer tries for the lock again, and then leaves all
 * wishes that wait in one transaction.
 */
export class SqliteInbox implements Inbox {
  readonly #options: SqliteInboxOptions
  #opened: { db: DatabaseSync; transactions: Transactions } | undefined
  #waiting: Waiting[] = []
  #timer: NodeJS.Timeout | undefined
  #ended = false

  constructor(options: SqliteInboxOptions) {
    this.#options = options
  }

  /** @throws {StoreBusyError} where the lock was not free for five seconds, or too many wait for it already */
  async leave(wish: WishToLeave): Promise<void> {
    if (this.#ended) throw new StoreBusyError(`${this.#options.path} was closed before a wish was left in it`)
    if (this.#waiting.length >= MAX_WAITING) {
      throw new StoreBusyError(
        `${MAX_WAITING} wishes wait already for another program to end its transaction on ${this.#options.path}. Try again later.`,
      )
    }
    const { promise, resolve, reject } = Promise.withResolvers<void>()
    this.#waiting.push({ wish, untilMs: performance.now() + LEAVE_WITHIN_MS, resolve, reject })
    // While a timer runs, the lock was not free: new wishes wait for it, too.
    if (this.#timer === undefined) this.#leaveAll()
    await promise
  }

  close(): void {
    this.#ended = true
    clearTimeout(this.#timer)
    const error = new StoreBusyError(`${this.#options.path} was closed before a wish was left in it`)
    for (const { reject } of this.#waiting.splice(0)) reject(error)
    if (this.#opened?.db.isOpen) this.#opened.db.close()
  }

  #leaveAll(): void {
    this.#timer = undefined
    try {
      this.#insert(this.#waiting.map(({ wish }) => wish))
    } catch (error) {
      const now = performance.now()
      // Only a lock is worth another try; any other error fails all wishes at once.
      const failed = isLocked(error) ? this.#waiting.filter(({ untilMs }) => untilMs <= now) : this.#waiting
      this.#waiting = this.#waiting.filter((one) => !failed.includes(one))
      for (const { reject } of failed) reject(error)
      if (this.#waiting.length > 0) this.#timer = setTimeout(() => this.#leaveAll(), TRY_EVERY_MS)
      return
    }
    for (const { resolve } of this.#waiting.splice(0)) resolve()
  }

  #insert(wishes: readonly WishToLeave[]): void {
    this.#opened ??= this.#open()
    const { db, transactions } = this.#opened
    transactions.runNow(() => {
      const insert = db.prepare('INSERT INTO inbox (kind, did, at) VALUES (?, ?, ?)')
      for (const { kind, did, at } of wishes) insert.run(kind, did, at)
    })
  }

  #open(): { db: DatabaseSync; transactions: Transactions } {
    const { path, connect, files } = this.#options
    const db = connect()
    return {
      db,
      transactions: new Transactions({ db, path, files: files(), waiting: () => {}, signal: undefined }),
    }
  }
}

/** True for a lock of another connection, an error that `explained` has wrapped. */
function isLocked(error: unknown): boolean {
  return error instanceof StoreBusyError && isBusy(error.cause)
}
