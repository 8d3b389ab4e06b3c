import { StoreFullError } from '../store/store.ts'
import { CommandError } from './command.ts'

/** Codes of the system for a disk, or a user's part of it, that is full. */
const FULL_CODES: ReadonlySet<unknown> = new Set(['ENOSPC', 'EDQUOT'])

/**
 * Says what to do where `error` comes of a full disk, which for a command is something else than for ingest; returns others
 * unchanged.
 */
export function adviseIfFull(error: unknown, advice: string): unknown {
  const isFull =
    error instanceof StoreFullError ||
    (error instanceof Error && 'code' in error && FULL_CODES.has(error.code))
  return isFull ? new CommandError(`disk full: ${advice}`, { cause: error }) : error
}
