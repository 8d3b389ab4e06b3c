import { mkdirSync, statfsSync, statSync } from 'node:fs'
import { dirname, resolve } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { FailStopWriter } from '../fail-stop.ts'
import {
  type Inbox,
  RulesChangedError,
  type Store,
  StoreError,
  StoreFullError,
  type WishToLeave,
  type WriteOptions,
} from '../store.ts'
import { SqliteAuditor } from './audit.ts'
import { lock } from './lock.ts'
import { SqliteReader } from './reader.ts'
import { migrate } from './schema.ts'
import { bindRules, SqliteWriter } from './writer.ts'

export type SqliteOptions = {
  /** The ledger's file; it and its folder are made where they are missing. */
  path: string
  /** Bytes to leave free on the disk: what would go below is not written. */
  reserve: number
  /** Bytes free on the disk that holds `path`. */
  freeBytes?: (path: string) => number
}

/**
 * A commit writes every page on which it changed anything, and nearly every event changes the row of another person: the
 * smaller a page, the less is written. Rows that come in order fill pages of any size.
 */
const PAGE_BYTES = 1_024
/**
 * When the log has grown so long, its pages are brought to their places in the file, each once however often it was
 * written. Longer saves some of that and takes as much more disk; readers then search a longer log.
 */
const LOG_BYTES = 128 * 2 ** 20

/** How long to wait for another connection's short transaction, in milliseconds. */
const PATIENCE = 5_000

/**
 * Opens the ledger in a SQLite file, bringing its schema up to date.
 * @throws {StoreError} where the file cannot be used
 */
export function openSqlite({ path, reserve, freeBytes = free }: SqliteOptions): Store {
  const file = resolve(path)
  const connect = (readOnly: 'read' | 'write'): DatabaseSync => connection(file, readOnly)
  prepareFile(file)
  const reading = connect('read')
  let leaving: DatabaseSync | undefined
  const inbox: Inbox = {
    leave: async ({ kind, did, at }: WishToLeave) => {
      leaving ??= connect('write')
      leaving.prepare('INSERT INTO inbox (kind, did, at) VALUES (?, ?, ?)').run(kind, did, at)
    },
  }
  return {
    reader: new SqliteReader(reading, () => diskBytes(file)),
    inbox,
    auditor: new SqliteAuditor(() => connect('read')),
    write: async (options) => {
      const held = lock(file)
      const db = connect('write')
      try {
        checkRules(db, file, options)
        const writer = new SqliteWriter({
          db,
          lock: held,
          assertSpace: () => assertSpace(file, reserve, freeBytes),
        })
        return new FailStopWriter(writer)
      } catch (error) {
        db.close()
        held[Symbol.dispose]()
        throw error
      }
    },
    [Symbol.asyncDispose]: async () => {
      if (reading.isOpen) reading.close()
      if (leaving?.isOpen) leaving.close()
    },
  }
}

function prepareFile(file: string): void {
  try {
    mkdirSync(dirname(file), { recursive: true })
    const db = new DatabaseSync(file, { timeout: PATIENCE })
    try {
      // Takes effect only on a new file.
      db.exec(`PRAGMA page_size = ${PAGE_BYTES}`)
      db.exec('PRAGMA journal_mode = WAL')
      migrate(db, file)
    } finally {
      db.close()
    }
  } catch (error) {
    if (error instanceof StoreError) throw error
    const why = error instanceof Error ? error.message : String(error)
    throw new StoreError(`${file} cannot be used as a ledger: ${why}. Name another file in DATABASE_URL.`, {
      cause: error,
    })
  }
}

function connection(file: string, purpose: 'read' | 'write'): DatabaseSync {
  const db = new DatabaseSync(file, { readOnly: purpose === 'read', timeout: PATIENCE })
  db.exec('PRAGMA mmap_size = 1073741824')
  if (purpose === 'write') {
    // With NORMAL a power cut may lose the last transactions but tears none: cursor and state go back together.
    db.exec('PRAGMA synchronous = NORMAL')
    db.exec('PRAGMA cache_size = -65536')
    const pageBytes = Number(db.prepare('PRAGMA page_size').get()?.page_size)
    db.exec(`PRAGMA wal_autocheckpoint = ${Math.floor(LOG_BYTES / pageBytes)}`)
    db.exec(`PRAGMA journal_size_limit = ${LOG_BYTES}`)
  }
  return db
}

/** Stands for the rules while a recompute is under way: no rules have this fingerprint. */
const RECOMPUTING = 'recomputing'

/** Binds a new ledger to its rules, and keeps one that was awarded by others from being mixed up. */
function checkRules(db: DatabaseSync, file: string, { fingerprint, purpose }: WriteOptions): void {
  const held = db
    .prepare('SELECT fingerprint FROM rulebooks ORDER BY version DESC LIMIT 1')
    .get()?.fingerprint
  if (purpose === 'recompute') bindRules(db, RECOMPUTING)
  else if (held === undefined) bindRules(db, fingerprint)
  else if (held !== fingerprint) {
    const why = held === RECOMPUTING ? 'is half recomputed' : 'was awarded by other rules than these'
    throw new RulesChangedError(
      `${file} ${why}. Run \`bsky-rpg recompute\` to judge all of it by the rules as they are now, or start with the old ones.`,
    )
  }
}

function assertSpace(file: string, reserve: number, freeBytes: (path: string) => number): void {
  const left = freeBytes(file)
  if (left >= reserve) return
  throw new StoreFullError(
    `the disk of ${file} has ${mebibytes(left)} MiB free, less than the ${mebibytes(reserve)} MiB kept in reserve (DISK_RESERVE): nothing more is written. Make room and start again; the stream goes on from where it was.`,
  )
}

function free(path: string): number {
  const { bavail, bsize } = statfsSync(dirname(path))
  return bavail * bsize
}

function diskBytes(file: string): number {
  return size(file) + size(`${file}-wal`)
}

function size(file: string): number {
  return statSync(file, { throwIfNoEntry: false })?.size ?? 0
}

function mebibytes(bytes: number): number {
  return Math.floor(bytes / 2 ** 20)
}
