import { inspect } from 'node:util'

/**
 * The full text of an error. If closing fails, too, Node prints neither of the two errors of a `SuppressedError`, only that
 * there were two.
 */
export function told(error: unknown): string {
  if (!(error instanceof SuppressedError)) return inspect(error)
  return `${told(error.suppressed)}\nand then, while it was closed: ${told(error.error)}`
}
