import { Type } from 'typebox'
import type { Problem } from './problem.ts'

/** The problems that a route may answer with besides those that any may: 429 and 500. */
export function problems(...statuses: number[]) {
  const entry = Type.Unsafe<Problem>({ description: 'application/problem+json', $ref: 'Problem#' })
  return Object.fromEntries([...statuses, 429, 500].map((status) => [status, entry]))
}
