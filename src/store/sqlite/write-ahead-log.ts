import type { DatabaseSync } from 'node:sqlite'
import { isBusy } from './failure.ts'

/** Between two tries: as long as another process takes to create the log. */
const TRY_EVERY_MS = 5

/**
 * Has a file keep a write-ahead log. SQLite waits for no lock there, whatever the connection's timeout: of two processes that
 * open a new file at once, one has to try again.
 * @throws SQLITE_BUSY where the file stays locked for `timeoutMs`
 */
export function useWriteAheadLog(db: DatabaseSync, timeoutMs: number): void {
  const giveUpAt = performance.now() + timeoutMs
  for (;;) {
    try {
      db.exec('PRAGMA journal_mode = WAL')
      return
    } catch (error) {
      if (!isBusy(error) || performance.now() >= giveUpAt) throw error
    }
    Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, TRY_EVERY_MS)
  }
}
