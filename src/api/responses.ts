import { Type } from 'typebox'
import { PROBLEM_TYPE, type Problem } from './problem.ts'

/** Whoever opts out has to be gone from every cache within seconds. */
export const NAMES_PEOPLE = 'public, max-age=5'

export const NOT_MODIFIED = Type.Null({ description: 'the ETag in If-None-Match is still current' })

const MEANINGS: Readonly<Record<number, string>> = {
  400: 'something about the request is not as it has to be; `detail` says what',
  403: 'forbidden: this machine or ADMIN_TOKEN only',
  404: 'there is no such character, or no such place in a list',
  413: 'the body is too large',
  415: 'the body is not JSON',
  429: 'too many requests from this address; Retry-After says when to go on',
  503: 'not possible right now; Retry-After says when to try again',
}

/** The problems that a route may answer with which may be asked any number of times. */
export function unlimitedProblems(...statuses: number[]) {
  const entry = (description: string) =>
    Type.Unsafe<Problem>({ description, content: { [PROBLEM_TYPE]: { schema: { $ref: 'Problem#' } } } })
  return {
    ...Object.fromEntries(statuses.map((status) => [status, entry(MEANINGS[status] ?? '')])),
    default: entry('an unexpected error'),
  }
}

/** The problems that a route may answer with; `default` stands for unexpected errors. */
export function problems(...statuses: number[]) {
  return unlimitedProblems(...statuses, 429)
}
