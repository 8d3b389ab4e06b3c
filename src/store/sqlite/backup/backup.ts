import {
  closeSync,
  constants,
  existsSync,
  fstatSync,
  fsyncSync,
  linkSync,
  openSync,
  rmSync,
  statSync,
} from 'node:fs'
import { dirname, resolve } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { StoreError } from '../../store.ts'
import { assertSpace, diskBytes, freeBytes } from '../disk.ts'
import { explained } from '../failure.ts'
import { identity, OpenFiles } from '../files.ts'
import { prepareFile } from '../prepare.ts'
import { copyPages } from './copy-pages.ts'
import { PageFile } from './page-file.ts'

export type BackupOptions = {
  /** The ledger's file. */
  path: string
  /** The copy, which must not exist. */
  to: string
  /** Bytes to leave free on the disk of `to`. */
  reserve: number
  /** Maximum bytes read from the ledger in a second; `undefined`: as fast as the disk. */
  bytesPerSecond: number | undefined
  progress: (done: number, total: number) => void
  signal: AbortSignal
}

/** How many steps of a copy pass before its disk is asked again how much is free. */
const STEPS_PER_LOOK = 64

/**
 * Copies a ledger, also while another process writes it, and gives the copy its name once it is whole.
 *
 * Only for a process that has no other connection to the ledger: closing a file ends all locks that SQLite has on it in the
 * same process.
 * @returns the size of the copy, in bytes
 * @throws {StoreError | StoreBusyError | StoreFullError} where there is no copy then
 */
export async function backUp(options: BackupOptions): Promise<number> {
  const { reserve } = options
  const to = resolve(options.to)
  const path = prepareFile(options.path, 'nothing')
  refuseExisting(to)
  const partial = `${to}.partial`
  await using ends = new AsyncDisposableStack()
  // Of a backup that was killed. One that still runs cannot finish then, since its file has lost its name.
  rmSync(partial, { force: true })
  const target = openPartial(partial)
  ends.defer(() => closeSync(target))
  let isWhole = false
  ends.defer(() => {
    if (!isWhole) rmSync(partial, { force: true })
  })
  try {
    assertSpace(to, reserve + diskBytes(path), freeBytes)
    await copy({ ...options, path, to }, target)
    give(partial, { to, target })
    isWhole = true
    return statSync(to).size
  } catch (error) {
    throw explained(error, to)
  }
}

async function copy({ path, to, reserve, bytesPerSecond, progress, signal }: BackupOptions, target: number) {
  // As long as it is open, no other process deletes the log when it ends. It is closed after the files, whose closing ends its locks.
  using db = new DatabaseSync(path, { readOnly: true })
  const files = new OpenFiles(path, ['', '-wal', '-shm'])
  const pageBytes = Number(db.prepare('PRAGMA page_size').get()?.page_size)
  const read = db.prepare('SELECT next_event FROM totals')
  // Has SQLite recover the log where its last writer was killed, and make its index.
  read.get()
  using open = new DisposableStack()
  const [file, log, index] = ['', '-wal', '-shm'].map((suffix) =>
    open.adopt(openSync(path + suffix, 'r'), closeSync),
  ) as [number, number, number]
  let steps = 0
  await copyPages({
    source: { file, log, index },
    pageBytes,
    copy: new PageFile(target, pageBytes),
    hold: () => {
      db.exec('BEGIN')
      read.get()
      return { [Symbol.dispose]: () => db.exec('COMMIT') }
    },
    bytesPerSecond,
    progress: (done, total) => {
      signal.throwIfAborted()
      if (steps++ % STEPS_PER_LOOK === 0) assertSpace(to, reserve, freeBytes)
      progress(done, total)
    },
  })
  files.assertInPlace()
}

/** Readable by its owner alone: a ledger has people in it whom nobody else may see. */
function openPartial(partial: string): number {
  try {
    return openSync(partial, 'wx', constants.S_IRUSR | constants.S_IWUSR)
  } catch (error) {
    const why = error instanceof Error ? error.message : String(error)
    throw new StoreError(`${partial} cannot be written: ${why}. Name another file.`, { cause: error })
  }
}

/** Names the copy, unless another file has that name by now. */
function give(partial: string, { to, target }: { to: string; target: number }): void {
  if (identity(partial) !== identityOf(target)) {
    throw new StoreError(`${partial} was replaced while it was written, by another backup to ${to} perhaps.`)
  }
  try {
    linkSync(partial, to)
  } catch (error) {
    refuseExisting(to)
    throw error
  }
  rmSync(partial)
  const folder = openSync(dirname(to), 'r')
  fsyncSync(folder)
  closeSync(folder)
}

function refuseExisting(to: string): void {
  if (existsSync(to)) throw new StoreError(`${to} exists already, and is left as it is. Name another file.`)
}

function identityOf(file: number): string {
  const { dev, ino } = fstatSync(file, { bigint: true })
  return `${dev}:${ino}`
}
