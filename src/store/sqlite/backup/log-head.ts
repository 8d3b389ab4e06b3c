// How far a write-ahead log reaches, from the header of its index (`-shm`): https://www.sqlite.org/walformat.html.
import { readSync } from 'node:fs'
import { endianness } from 'node:os'
import { StoreError } from '../../store.ts'

/** The committed part of a write-ahead log. */
export type LogHead = {
  /** Names the log since SQLite last began it anew from its first frame. */
  salts: string
  /** Frames up to the last commit. */
  frames: number
  /** Commits since the index was made, modulo 2^32: those before the log was begun anew included. */
  commits: number
  /** Pages of the database after the last commit. */
  pages: number
}

/** The header's version, the same since SQLite 3.7.0. */
const VERSION = 3_007_000
const HEADER_BYTES = 48
/** SQLite writes the header's two copies one after the other, so they differ for an instant. */
const MAX_TRIES = 1_000

/**
 * Reads the head of the log whose index is open as `index`. SQLite must have opened the log: it makes the index valid.
 * @throws {StoreError} where the index is not one that this program knows
 */
export function readLogHead(index: number): LogHead {
  const copies = Buffer.alloc(2 * HEADER_BYTES)
  for (let tries = 0; tries < MAX_TRIES; tries++) {
    const read = readSync(index, copies, 0, copies.length, 0)
    const header = copies.subarray(0, HEADER_BYTES)
    if (read < copies.length || !header.equals(copies.subarray(HEADER_BYTES))) continue
    // The index is in the machine's byte order, but for the salts, which are as in the log.
    const little = endianness() === 'LE'
    const number = (at: number): number => (little ? header.readUInt32LE(at) : header.readUInt32BE(at))
    if (number(0) !== VERSION) break
    return {
      commits: number(8),
      frames: number(16),
      pages: number(20),
      salts: header.toString('hex', 32, 40),
    }
  }
  throw new StoreError(
    'the index of the write-ahead log cannot be read: it is not as SQLite is known to write it. Stop ingest, and copy the file.',
  )
}
