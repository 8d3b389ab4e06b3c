import { Type } from 'typebox'
import { PROBLEM_TYPE, type Problem } from './problem.ts'

/** Cache-Control of answers about people: somebody who opts out must be gone from all caches within seconds. */
export const NAMES_PEOPLE = 'public, max-age=5'

/**
 * Cache-Control of answers about people that also name this server's own address. Without `PUBLIC_URL` that is whatever the
 * client asked for, and some proxies (nginx, unless told otherwise) store answers without regard to it: only browsers may.
 */
export function namesPeopleAndUs(publicUrl: string | undefined): string {
  return publicUrl === undefined ? 'private, max-age=5' : NAMES_PEOPLE
}

export const NOT_MODIFIED = Type.Null({ description: 'the ETag in If-None-Match is still current' })

const MEANINGS: Readonly<Record<number, string>> = {
  400: 'the request is not valid; `detail` says why',
  403: 'forbidden: this machine or ADMIN_TOKEN only',
  404: 'unknown character or cursor',
  413: 'the body is too large',
  415: 'the body is not JSON',
  429: 'too many requests from this address; Retry-After says when to try again',
  501: 'only JSON is served',
  503: 'not possible right now; Retry-After says when to try again',
}

/** The problems of a route without a rate limit; `default` stands for unexpected errors. */
export function unlimitedProblems(...statuses: number[]) {
  const entry = (description: string) =>
    Type.Unsafe<Problem>({ description, content: { [PROBLEM_TYPE]: { schema: { $ref: 'Problem#' } } } })
  return {
    ...Object.fromEntries(statuses.map((status) => [status, entry(MEANINGS[status] ?? '')])),
    default: entry('an unexpected error'),
  }
}

/** The problems of a rate-limited route; `default` stands for unexpected errors. */
export function problems(...statuses: number[]) {
  return unlimitedProblems(...statuses, 429)
}
