import { statfsSync, statSync } from 'node:fs'
import { dirname } from 'node:path'
import { StoreFullError } from '../store.ts'

/** @throws {StoreFullError} where the disk of `file` has less than `reserve` bytes free */
export function assertSpace(file: string, reserve: number, freeBytes: (path: string) => number): void {
  const left = freeBytes(file)
  if (left >= reserve) return
  throw new StoreFullError(
    `disk full: the disk of ${file} has ${mebibytes(left)} MiB free, less than the ${mebibytes(reserve)} MiB kept in reserve (DISK_RESERVE), and nothing more is written. Make room and start again; the stream goes on from where it was.`,
  )
}

/** Bytes that this user may still write on the disk that holds `path`. */
export function freeBytes(path: string): number {
  const { bavail, bsize } = statfsSync(dirname(path))
  return bavail * bsize
}

/** The same by `freeBytes`, for metrics; `undefined` where the file's folder is gone. */
export function freeBytesIfKnown(path: string, freeBytes: (path: string) => number): number | undefined {
  try {
    return freeBytes(path)
  } catch {
    return undefined
  }
}

/** Bytes of the ledger in `file` and its write-ahead log. */
export function diskBytes(file: string): number {
  return size(file) + size(`${file}-wal`)
}

function size(file: string): number {
  return statSync(file, { throwIfNoEntry: false })?.size ?? 0
}

function mebibytes(bytes: number): number {
  return Math.floor(bytes / 2 ** 20)
}
