import { inspect } from 'node:util'

/**
 * All that an error says. Where closing fails, too, Node shows neither what failed at first nor what failed then: only that
 * there were both.
 */
export function told(error: unknown): string {
  if (!(error instanceof SuppressedError)) return inspect(error)
  return `${told(error.suppressed)}\nand then, while it was closed: ${told(error.error)}`
}
