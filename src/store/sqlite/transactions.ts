import type { DatabaseSync } from 'node:sqlite'
import { setTimeout as sleep } from 'node:timers/promises'
import { explained, isBusy } from './failure.ts'
import type { OpenFiles } from './files.ts'

/** How often to try again while another program holds the file's write lock, in milliseconds. */
const TRY_EVERY_MS = 100
/** After how long such a wait is first told, and how often from then on, in milliseconds. */
const TOLD_AFTER_MS = 5_000
const TOLD_EVERY_MS = 30_000

export type TransactionsOptions = {
  db: DatabaseSync
  path: string
  files: OpenFiles
  /** Told in words when another program's lock keeps the writer waiting. */
  waiting: (message: string) => void
  /** Ends the wait for other programs. */
  signal: AbortSignal | undefined
}

/** The one way in which a writer changes the file: all of `work` or nothing. */
export class Transactions {
  readonly #options: TransactionsOptions
  /**
   * Whether pages that the next transactions free are overwritten with zeros, which writes them once more. What is
   * deleted within a page always is, at no more than the page that is written anyway.
   */
  overwrites = false

  constructor(options: TransactionsOptions) {
    this.#options = options
  }

  /**
   * Does `work` in one transaction, once nobody else holds the file's write lock.
   * @throws {StoreFullError | StoreError | StoreBusyError} what went wrong with the file, in words
   */
  async run<T>(work: () => T): Promise<T> {
    const { db } = this.#options
    db.exec(`PRAGMA secure_delete = ${this.overwrites ? 'ON' : 'FAST'}`)
    await this.#begin()
    return this.#finish(work)
  }

  /**
   * Does `work` in one transaction, or nothing where somebody else holds the file's write lock.
   * @throws {StoreFullError | StoreError | StoreBusyError} what went wrong with the file, in words
   */
  runNow<T>(work: () => T): T {
    const { db, path } = this.#options
    try {
      db.exec('BEGIN IMMEDIATE')
    } catch (error) {
      throw explained(error, path)
    }
    return this.#finish(work)
  }

  #finish<T>(work: () => T): T {
    const { db, files, path } = this.#options
    try {
      // Under the lock, so that nobody who took the ledger over can have read it before this is written.
      files.assertInPlace()
      const result = work()
      db.exec('COMMIT')
      // A commit into a file that nobody finds again must not be called durable.
      files.assertInPlace()
      return result
    } catch (error) {
      rollBack(db)
      throw explained(error, path)
    }
  }

  /**
   * Brings what is in the log to its place in the file, and the log to no length at all.
   * @returns false where somebody is reading what the log still holds
   * @throws {StoreError} where the files are not those that were opened: another's log must not be written over
   */
  emptyLog(): boolean {
    const { db, files, path } = this.#options
    files.assertInPlace()
    try {
      return db.prepare('PRAGMA wal_checkpoint(TRUNCATE)').get()?.busy === 0
    } catch (error) {
      throw explained(error, path)
    }
  }

  async #begin(): Promise<void> {
    const { db, path, waiting, signal } = this.#options
    const began = performance.now()
    let tellAt = TOLD_AFTER_MS
    for (;;) {
      try {
        db.exec('BEGIN IMMEDIATE')
        return
      } catch (error) {
        if (!isBusy(error) || signal?.aborted) throw explained(error, path)
      }
      const waitedMs = performance.now() - began
      if (waitedMs >= tellAt) {
        waiting(
          `another program has held a write lock on ${path} for ${Math.round(waitedMs / 1000)} s: nothing is written until it ends its transaction`,
        )
        tellAt += TOLD_EVERY_MS
      }
      await sleep(TRY_EVERY_MS, undefined, signal === undefined ? {} : { signal }).catch(() => {})
    }
  }
}

/** Where it fails too, the first error says why; closing the file drops what is not committed. */
function rollBack(db: DatabaseSync): void {
  try {
    if (db.isTransaction) db.exec('ROLLBACK')
  } catch {}
}
