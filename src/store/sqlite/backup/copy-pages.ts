import { fstatSync, readSync } from 'node:fs'
import { setTimeout as sleep } from 'node:timers/promises'
import { StoreBusyError } from '../../store.ts'
import { LogTail } from './log-tail.ts'
import type { PageFile } from './page-file.ts'

export type CopyOptions = {
  /** File descriptors of the database, its write-ahead log and the log's index. */
  source: { file: number; log: number; index: number }
  pageBytes: number
  copy: PageFile
  /** Keeps SQLite from beginning the log anew, until it is disposed. */
  hold: () => Disposable
  /** Maximum bytes read from the database's file in a second; `undefined`: as fast as the disk. */
  bytesPerSecond: number | undefined
  /** Called after each step of a mebibyte, with bytes of the database's file. Throws to end the copy. */
  progress: (done: number, total: number) => void
}

const STEP_BYTES = 1024 * 1024
/**
 * How long the log is kept from being begun anew at a time, and for how long it may be in between. What is committed in a pause,
 * checkpointed and overwritten in the same one, is missed.
 */
const HOLD_MS = 20
const PAUSE_MS = 1
/** How often the copy begins anew because commits were missed in the log. */
const MAX_RESTARTS = 20

/**
 * Copies a database that another process writes, as of the last commit before the end of the copy. The file is copied step by
 * step while checkpoints change it, and every page that comes into the log meanwhile is put over it. The log is held for
 * moments only, so SQLite can begin it anew as it does without us.
 * @returns how often the copy began anew
 * @throws {StoreBusyError} where the log is too often begun anew before it was read
 */
export async function copyPages(options: CopyOptions): Promise<number> {
  for (let restarts = 0; restarts < MAX_RESTARTS; restarts++) {
    if (await tryToCopy(options)) return restarts
    options.copy.restart()
  }
  throw new StoreBusyError(
    'the ledger was written faster than this machine could read its log. Back it up when ingest has caught up with the stream.',
  )
}

/** Returns false where commits were missed. */
async function tryToCopy(options: CopyOptions): Promise<boolean> {
  const { source, hold, pageBytes, copy, bytesPerSecond, progress } = options
  const { log, index } = source
  const tail = new LogTail({ log, index, pageBytes, put: (page, content) => copy.putLogged(page, content) })
  {
    using _held = hold()
    if (!tail.start()) return false
  }
  const buffer = Buffer.alloc(Math.max(pageBytes, STEP_BYTES - (STEP_BYTES % pageBytes)))
  const began = performance.now()
  for (let done = 0; ; ) {
    await sleep(PAUSE_MS)
    using _held = hold()
    if (tail.follow() === undefined) return false
    const aheadMs =
      bytesPerSecond === undefined ? 0 : began + (done / bytesPerSecond) * 1_000 - performance.now()
    if (aheadMs > 0) {
      await sleep(Math.min(aheadMs, HOLD_MS))
    } else {
      const read = readSync(source.file, buffer, 0, buffer.length, done)
      // A checkpoint may be making the file longer: half a page comes from the log.
      const whole = read - (read % pageBytes)
      if (whole > 0) copy.putStored(done / pageBytes + 1, buffer.subarray(0, whole))
      done += whole
      progress(done, Math.max(done, fstatSync(source.file).size))
      if (whole === 0) {
        const last = tail.follow()
        if (last === undefined) return false
        copy.finish(last.pages)
        return true
      }
    }
    if (tail.follow() === undefined) return false
  }
}
