import { inspect } from 'node:util'

/**
 * The full text of an error. When closing fails after another failure, the two errors come as a `SuppressedError`, of which
 * Node prints neither: this names both, the earlier one first.
 */
export function errorText(error: unknown): string {
  if (!(error instanceof SuppressedError)) return inspect(error)
  return `${errorText(error.suppressed)}\nand then, while it was closed: ${errorText(error.error)}`
}
