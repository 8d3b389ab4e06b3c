import { DatabaseSync } from 'node:sqlite'
import { StoreBusyError } from '../store.ts'

/**
 * Makes this process the only writer of the ledger at `path`, by an exclusive transaction on a small file beside it.
 * The operating system ends it with the process, however that ends.
 * @throws {StoreBusyError} while another process has it
 */
export function lock(path: string): Disposable {
  const db = new DatabaseSync(`${path}.lock`, { timeout: 0 })
  try {
    db.exec('BEGIN EXCLUSIVE')
  } catch (error) {
    db.close()
    if (!isBusy(error)) throw error
    throw new StoreBusyError(
      `another process ingests into ${path}: only one may. Stop it, or name another file in DATABASE_URL.`,
      { cause: error },
    )
  }
  return { [Symbol.dispose]: () => db.close() }
}

/** SQLITE_BUSY, whichever extended code it comes with. */
export function isBusy(error: unknown): boolean {
  return error instanceof Error && 'errcode' in error && (Number(error.errcode) & 0xff) === 5
}
