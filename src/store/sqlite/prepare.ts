import { mkdirSync, realpathSync, statSync } from 'node:fs'
import { dirname, resolve } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import type { Preparation } from '../driver.ts'
import { StoreBusyError, StoreError, StoreFullError } from '../store.ts'
import { explained } from './failure.ts'
import { APPLICATION_ID, applicationId, migrate, SCHEMA_VERSION, schemaVersion } from './schema.ts'
import { useWriteAheadLog } from './write-ahead-log.ts'

/**
 * Small, since a commit writes every page that it changed, and nearly every event changes another person's row on a page of
 * its own. Rows that are appended fill pages of any size.
 */
const PAGE_BYTES = 1_024

/** How long to wait for another connection's transaction before giving up. */
const LOCK_TIMEOUT_MS = 5_000

/**
 * Makes sure that `path` is a ledger that this program can use, by creating or migrating it where `preparation` allows.
 * @returns the file's path without symbolic links
 * @throws {StoreError | StoreBusyError | StoreFullError} where it is not; the file is left unchanged
 */
export function prepareFile(path: string, preparation: Preparation): string {
  try {
    if (preparation === 'create') mkdirSync(dirname(resolve(path)), { recursive: true })
    const file = nameOf(path)
    const found = contents(file)
    if (typeof found === 'string' && preparation !== 'create') {
      throw new StoreError(`${file} is ${found}: there is no ledger. Name the file of one in DATABASE_URL.`)
    }
    if (preparation === 'nothing') {
      if (found !== SCHEMA_VERSION) {
        throw new StoreError(
          `${file} has schema version ${found}, and this program reads ${SCHEMA_VERSION}. \`bsky-rpg start\` or \`ingest\` brings it up to date; keep a copy for the older program.`,
        )
      }
      return file
    }
    const db = new DatabaseSync(file, { timeout: LOCK_TIMEOUT_MS })
    try {
      // Takes effect only on a new file.
      db.exec(`PRAGMA page_size = ${PAGE_BYTES}`)
      useWriteAheadLog(db, LOCK_TIMEOUT_MS)
      migrate(db)
    } finally {
      db.close()
    }
    return file
  } catch (error) {
    const known = explained(error, path)
    if (known instanceof StoreError || known instanceof StoreBusyError || known instanceof StoreFullError)
      throw known
    const why = error instanceof Error ? error.message : String(error)
    throw new StoreError(`${path} cannot be used as a ledger: ${why}. Name another file in DATABASE_URL.`, {
      cause: error,
    })
  }
}

/**
 * SQLite names the write-ahead log after the path by which a file was opened. By a second path it would miss commits that are
 * in the first one's log, so links are resolved or refused.
 */
function nameOf(path: string): string {
  const found = statSync(path, { throwIfNoEntry: false })
  if (found === undefined) return resolve(path)
  const file = realpathSync(path)
  if (!found.isFile()) {
    throw new StoreError(
      `${file} cannot be used as a ledger: it is not a file. Name another file in DATABASE_URL.`,
    )
  }
  if (found.nlink > 1) {
    throw new StoreError(
      `${file} has ${found.nlink} names (hard links), and using it by two of them would destroy it. Remove the others, or make a copy; see docs/operating.md.`,
    )
  }
  return file
}

/**
 * Inspects a file without changing it.
 * @returns the version of the ledger's schema, or why there is no ledger
 * @throws {StoreError} where it is another program's database, or a newer version's ledger
 */
function contents(file: string): number | 'missing' | 'empty' {
  const found = statSync(file, { throwIfNoEntry: false })
  if (found === undefined) return 'missing'
  if (found.size === 0) return 'empty'
  const db = new DatabaseSync(file, { readOnly: true, timeout: LOCK_TIMEOUT_MS })
  try {
    // All of this is of one moment: another process may be creating the ledger.
    db.exec('BEGIN')
    const version = schemaVersion(db)
    const tables = db.prepare("SELECT name FROM sqlite_schema WHERE type = 'table'").all()
    if (version === 0 && tables.length === 0) return 'empty'
    // Ledgers of the first versions have no application id, only their tables.
    const ours =
      applicationId(db) === APPLICATION_ID || (version > 0 && tables.some(({ name }) => name === 'rulebooks'))
    if (!ours) {
      throw new StoreError(
        `${file} is another program's database (tables: ${tables
          .map(({ name }) => name)
          .slice(0, 5)
          .join(', ')}), and is left as it is. Name another file in DATABASE_URL.`,
      )
    }
    if (version > SCHEMA_VERSION) {
      throw new StoreError(
        `${file} has schema version ${version}, and this program knows ${SCHEMA_VERSION}: it was made by a newer bsky-rpg. Start that one, or name another file in DATABASE_URL.`,
      )
    }
    return version
  } finally {
    db.close()
  }
}
