import type { DatabaseSync } from 'node:sqlite'
import { setTimeout as sleep } from 'node:timers/promises'
import { explained, isBusy } from './failure.ts'
import type { OpenFiles } from './files.ts'

/** How often to try again while another program has the file's write lock. */
const TRY_EVERY_MS = 100
/** After how long such a wait is first reported, and how often from then on. */
const REPORT_AFTER_MS = 5_000
const REPORT_EVERY_MS = 30_000

export type TransactionsOptions = {
  db: DatabaseSync
  path: string
  files: OpenFiles
  /** Called with a message when another program's lock keeps the writer waiting. */
  waiting: (message: string) => void
  /** Ends the wait for another program's lock, with an error. */
  signal: AbortSignal | undefined
}

/** The only way in which the writer and the inbox change the file: all of `work` or nothing. */
export class Transactions {
  readonly #options: TransactionsOptions
  /** How often the write lock was not free, and was asked for again. */
  retries = 0

  constructor(options: TransactionsOptions) {
    this.#options = options
  }

  /**
   * Runs `work` in one transaction, as soon as the file's write lock is free.
   * @throws {StoreFullError | StoreError | StoreBusyError} see `explained`
   */
  async run<T>(work: () => T): Promise<T> {
    this.#options.db.exec('PRAGMA secure_delete = FAST')
    await this.#begin()
    return this.#finish(work)
  }

  /**
   * To be called within the work of `run`: from now on it fills the pages that it frees with zeros, which costs a write of each.
   * Rows deleted within a page are always overwritten, since that page is written anyway.
   */
  overwriteFreed(): void {
    this.#options.db.exec('PRAGMA secure_delete = ON')
  }

  /**
   * Runs `work` in one transaction, without waiting for the file's write lock.
   * @throws {StoreFullError | StoreError | StoreBusyError} see `explained`; StoreBusyError where the lock is not free
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

  /** Runs `work`, which only reads, in one transaction: each statement of its own would lock the file and release it again. */
  read<T>(work: () => T): T {
    const { db, path } = this.#options
    try {
      db.exec('BEGIN')
      const result = work()
      db.exec('COMMIT')
      return result
    } catch (error) {
      rollBack(db)
      throw explained(error, path)
    }
  }

  #finish<T>(work: () => T): T {
    const { db, files, path } = this.#options
    try {
      // Checked under the lock: a process that has taken the ledger over cannot have read it before this is written.
      files.assertInPlace()
      const result = work()
      db.exec('COMMIT')
      // A commit into a file that was moved or deleted must not count as durable.
      files.assertInPlace()
      return result
    } catch (error) {
      rollBack(db)
      throw explained(error, path)
    }
  }

  /**
   * Copies the write-ahead log into the file, and truncates it.
   * @returns false where a reader still needs the log
   * @throws {StoreError} where the files have been replaced: another process's log must not be overwritten
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
    let reportAtMs = REPORT_AFTER_MS
    for (;;) {
      try {
        db.exec('BEGIN IMMEDIATE')
        return
      } catch (error) {
        if (!isBusy(error) || signal?.aborted) throw explained(error, path)
      }
      this.retries += 1
      const waitedMs = performance.now() - began
      if (waitedMs >= reportAtMs) {
        waiting(
          `another program has held a write lock on ${path} for ${Math.round(waitedMs / 1000)} s: nothing is written until it ends its transaction`,
        )
        reportAtMs += REPORT_EVERY_MS
      }
      await sleep(TRY_EVERY_MS, undefined, signal === undefined ? {} : { signal }).catch(() => {})
    }
  }
}

/** Ignores a failure of the rollback: the first error says why, and closing the file drops the transaction. */
function rollBack(db: DatabaseSync): void {
  try {
    if (db.isTransaction) db.exec('ROLLBACK')
  } catch {}
}
