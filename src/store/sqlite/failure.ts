import { StoreBusyError, StoreError, StoreFullError } from '../store.ts'
import { freeBytes } from './disk.ts'

/** SQLite's primary result codes (https://www.sqlite.org/rescode.html), the last byte of extended ones. */
const CODE = {
  busy: 5,
  locked: 6,
  readOnly: 8,
  ioError: 10,
  corrupt: 11,
  full: 13,
  cannotOpen: 14,
  notADatabase: 26,
}

/** With less free than this, an I/O error is taken for a full disk, which SQLite reports only where it writes pages itself. */
const NO_ROOM_BYTES = 1024 * 1024

/** True for SQLITE_BUSY and its extended codes. */
export function isBusy(error: unknown): boolean {
  return codeOf(error) === CODE.busy
}

/** Turns an error of SQLite or the disk into one that says what to do with the file at `path`; returns others unchanged. */
export function explained(error: unknown, path: string): unknown {
  const why = error instanceof Error ? error.message : String(error)
  const options = { cause: error }
  switch (codeOf(error)) {
    case CODE.full:
      return diskFull(path, why, options)
    case CODE.ioError:
      return isFull(path)
        ? diskFull(path, why, options)
        : new StoreError(
            `${path} cannot be read or written: ${why}. Look at the disk, then start again.`,
            options,
          )
    case CODE.busy:
    case CODE.locked:
      return new StoreBusyError(
        `another program holds a lock on ${path}: ${why}. Have it end its transaction, then start again.`,
        options,
      )
    case CODE.corrupt:
    case CODE.notADatabase:
      return new StoreError(`${path} is damaged: ${why}. Restore a backup; see docs/operating.md.`, options)
    case CODE.readOnly:
    case CODE.cannotOpen:
      return new StoreError(`${path} cannot be used as a ledger: ${why}.`, options)
    default:
      return isOutOfSpace(error) ? diskFull(path, why, options) : error
  }
}

function diskFull(path: string, why: string, options: ErrorOptions): StoreFullError {
  return new StoreFullError(
    `disk full: ${path} cannot grow (${why}). Make room and start again; the stream goes on from where it was.`,
    options,
  )
}

function isFull(path: string): boolean {
  try {
    return freeBytes(path) < NO_ROOM_BYTES
  } catch {
    return false
  }
}

function isOutOfSpace(error: unknown): boolean {
  return error instanceof Error && 'code' in error && (error.code === 'ENOSPC' || error.code === 'EDQUOT')
}

function codeOf(error: unknown): number | undefined {
  return error instanceof Error && 'errcode' in error ? Number(error.errcode) & 0xff : undefined
}
