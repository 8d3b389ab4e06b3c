import { DatabaseSync } from 'node:sqlite'
import type { Preparation } from '../driver.ts'
import { FailStopWriter } from '../fail-stop.ts'
import type { Store } from '../store.ts'
import { SqliteAuditor } from './audit.ts'
import { assertSpace, diskBytes, freeBytesIfKnown, freeBytes as freeBytesOf } from './disk.ts'
import { explained } from './failure.ts'
import { OpenFiles } from './files.ts'
import { SqliteInbox } from './inbox.ts'
import { SqliteRules } from './ledger-rules.ts'
import { lock } from './lock.ts'
import { prepareFile } from './prepare.ts'
import { SqliteReader } from './reader.ts'
import { SqliteRestorer } from './restorer.ts'
import { checkRules } from './rulebooks.ts'
import { SqliteSessions } from './sessions.ts'
import { SqliteSource } from './source.ts'
import { Transactions } from './transactions.ts'
import { SqliteWriter, type WriterOptions } from './writer.ts'

export type SqliteOptions = {
  /** The ledger's file. */
  path: string
  /** Bytes to leave free on the disk: the writer refuses batches while fewer are free. */
  reserve: number
  /** Bytes free on the disk that holds `path`. */
  freeBytes?: (path: string) => number
  /** What opening may do to the file; see `Preparation`. @default 'create' */
  preparation?: Preparation
  /** Called with a message when another program's lock keeps the writer waiting. */
  waiting?: (message: string) => void
}

/** What is needed to write the file. */
type WritingParts = Omit<WriterOptions, 'placesAnew'>

/**
 * Size of the write-ahead log at which SQLite copies its pages into the file (a checkpoint), each once however often it was
 * written. A longer log saves copies, but takes more disk and makes readers search longer.
 */
const LOG_BYTES = 256 * 2 ** 20

/**
 * How long SQLite may block the thread for another connection's lock. The writer then tries again by a timer; the inbox never
 * blocks, since its thread answers all requests of the API.
 */
const LOCK_TIMEOUT_MS = { read: 5_000, write: 100, leave: 0 }

/**
 * Opens the ledger in a SQLite file.
 * @throws {StoreError | StoreBusyError | StoreFullError} where the file cannot be used
 */
export function openSqlite({
  path,
  reserve,
  freeBytes = freeBytesOf,
  preparation = 'create',
  waiting = () => {},
}: SqliteOptions): Store {
  const file = prepareFile(path, preparation)
  const reading = connection(file, 'read')
  const reader = explaining(file, () => {
    const files = new OpenFiles(file, [''])
    return new SqliteReader(reading, { diskBytes: () => diskBytes(file), files })
  })
  const inbox = new SqliteInbox({
    path: file,
    connect: () => connection(file, 'leave'),
    files: () => new OpenFiles(file, ['']),
  })
  const sessions = new SqliteSessions(`${file}.sessions`)
  /** Takes the file for writing; everything that is cached of it is read in a transaction, so nobody else can write meanwhile. */
  const owned = async <T>(signal: AbortSignal | undefined, open: (parts: WritingParts) => T): Promise<T> => {
    const ownLock = await lock(file)
    const db = connection(file, 'write')
    try {
      const transactions = new Transactions({ db, path: file, files: new OpenFiles(file), waiting, signal })
      return await transactions.run(() =>
        open({
          ...{ db, transactions, lock: ownLock },
          assertSpace: () => assertSpace(file, reserve, freeBytes),
          freeBytes: () => freeBytesIfKnown(file, freeBytes),
        }),
      )
    } catch (error) {
      db.close()
      ownLock[Symbol.dispose]()
      throw error
    }
  }
  const rules = new SqliteRules({
    reading,
    leaving: (work) => {
      const db = connection(file, 'leave')
      try {
        const files = new OpenFiles(file, [''])
        const leaving = new Transactions({ db, path: file, files, waiting: () => {}, signal: undefined })
        leaving.runNow(() => work(db))
      } finally {
        db.close()
      }
    },
    open: () => connection(file, 'read'),
  })
  return {
    reader,
    inbox,
    rules,
    sessions,
    auditor: new SqliteAuditor(() => connection(file, 'read')),
    write: async (options) => {
      const writer = await owned(options.signal, (parts) => {
        checkRules(parts.db, file, options)
        return new SqliteWriter({ ...parts, placesAnew: options.purpose === 'recompute' })
      })
      return new FailStopWriter(writer, (error) => explained(error, file))
    },
    source: async () => explaining(file, () => new SqliteSource(connection(file, 'read'))),
    restore: (id) => owned(undefined, (parts) => SqliteRestorer.open(id, { ...parts, path: file })),
    [Symbol.asyncDispose]: async () => {
      if (reading.isOpen) reading.close()
      inbox.close()
      sessions.close()
    },
  }
}

function connection(file: string, purpose: keyof typeof LOCK_TIMEOUT_MS): DatabaseSync {
  return explaining(file, () => {
    const db = new DatabaseSync(file, { readOnly: purpose === 'read', timeout: LOCK_TIMEOUT_MS[purpose] })
    // The writer has a page cache that holds what it needs; of a mapped file it would look each page up in the log first.
    if (purpose !== 'write') db.exec('PRAGMA mmap_size = 1073741824')
    // Leaves checkpoints to the writer: they take far longer than leaving a wish may.
    if (purpose === 'leave') db.exec('PRAGMA synchronous = NORMAL; PRAGMA wal_autocheckpoint = 0')
    if (purpose === 'write') {
      // With NORMAL a power cut may lose the last transactions but tears none: cursor and ledger go back together.
      db.exec('PRAGMA synchronous = NORMAL')
      db.exec('PRAGMA cache_size = -65536')
      const pageBytes = Number(db.prepare('PRAGMA page_size').get()?.page_size)
      db.exec(`PRAGMA wal_autocheckpoint = ${Math.floor(LOG_BYTES / pageBytes)}`)
      db.exec(`PRAGMA journal_size_limit = ${LOG_BYTES}`)
    }
    return db
  })
}

function explaining<T>(file: string, work: () => T): T {
  try {
    return work()
  } catch (error) {
    throw explained(error, file)
  }
}
