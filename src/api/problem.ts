import { STATUS_CODES } from 'node:http'
import type { FastifyReply, FastifyRequest } from 'fastify'
import { type Static, Type } from 'typebox'
import { InvalidCursorError } from '../store/store.ts'

/** RFC 9457: what went wrong with a request. */
export const Problem = Type.Object(
  {
    type: Type.String({ description: 'always about:blank; `error` tells problems apart' }),
    title: Type.String(),
    status: Type.Integer(),
    detail: Type.String({ description: 'what happened, to what, and what to do' }),
    error: Type.String({ description: 'a stable name for programs' }),
  },
  { $id: 'Problem' },
)

export type Problem = Static<typeof Problem>

export const PROBLEM_TYPE = 'application/problem+json'

/** What a client that is told to come back later waits, in seconds. */
const RETRY_SECONDS = '5'

/** Thrown by handlers to be answered as it is. */
export class ProblemError extends Error {
  override name = 'ProblemError'
  readonly status: number
  readonly error: string

  constructor(status: number, error: string, detail: string) {
    super(detail)
    this.status = status
    this.error = error
  }
}

export function problemOf(status: number, error: string, detail: string): Problem {
  return { type: 'about:blank', title: STATUS_CODES[status] ?? 'Error', status, detail, error }
}

/** The one answer for everybody who is not here, whatever the reason. */
export function unknownActor(): ProblemError {
  return new ProblemError(
    404,
    'UnknownCharacter',
    'There is no such character. One comes to be with the first post, like or repost that this server sees.',
  )
}

/** What the framework throws: an error with what it has to say to clients. */
export type RequestError = Error & { statusCode?: number; validation?: unknown }

/** The problem that `error` is to a client. What is our own fault is logged, and not told. */
export function problemFor(error: RequestError, request: FastifyRequest): Problem {
  if (error instanceof ProblemError) return problemOf(error.status, error.error, error.message)
  if (error instanceof InvalidCursorError) {
    return problemOf(400, 'InvalidCursor', `${error.message}; begin without one.`)
  }
  if (error.validation !== undefined) {
    return problemOf(400, 'InvalidRequest', `${error.message}; see /openapi.json.`)
  }
  if (error.statusCode !== undefined && error.statusCode >= 400 && error.statusCode < 500) {
    return problemOf(error.statusCode, 'InvalidRequest', error.message)
  }
  request.log.error({ err: error, method: request.method, url: request.url }, 'a request failed')
  return problemOf(500, 'InternalError', 'Something is wrong on our side; it has been logged.')
}

export function sendProblem(reply: FastifyReply, problem: Problem): void {
  if (problem.status === 503) reply.header('retry-after', RETRY_SECONDS)
  reply
    .code(problem.status)
    .header('cache-control', 'no-store')
    .type(PROBLEM_TYPE)
    .send(JSON.stringify(problem))
}
