import { ProblemError } from './problem.ts'

/** Names in one request, at most. */
export const MAX_NAMES = 100

/**
 * The names in comma-separated `lists`; blank ones are left out.
 * @throws {ProblemError} 400 if there are none, or more than `MAX_NAMES`
 */
export function namesIn(...lists: readonly string[]): string[] {
  const names = lists.flatMap((list) => list.split(',')).filter((name) => name.trim() !== '')
  if (names.length > 0 && names.length <= MAX_NAMES) return names
  throw new ProblemError(400, 'InvalidRequest', `actors names ${names.length}; expected 1 to ${MAX_NAMES}.`)
}
