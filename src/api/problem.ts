import { STATUS_CODES } from 'node:http'
import type { FastifyReply, FastifyRequest } from 'fastify'
import { type Static, Type } from 'typebox'
import type { Rulebook } from '../game/rulebook.ts'
import { InvalidCursorError } from '../store/store.ts'
import { problemPage } from '../web/problem-page.ts'
import { anyOf, capitalized } from '../web/words.ts'
import { sendPage } from './pages.ts'

/** RFC 9457: what went wrong with a request. */
export const Problem = Type.Object(
  {
    type: Type.String({ description: 'always about:blank; use `error` to tell problems apart' }),
    title: Type.String(),
    status: Type.Integer(),
    detail: Type.String({ description: 'what happened, to what, and what to do' }),
    error: Type.String({ description: 'a stable name for programs' }),
  },
  { $id: 'Problem' },
)

export type Problem = Static<typeof Problem>

export const PROBLEM_TYPE = 'application/problem+json'

/** Retry-After in seconds, unless the answer sets its own. */
const RETRY_SECONDS = '5'

/** Handlers throw it; its status, name and detail become the answer. */
export class ProblemError extends Error {
  override name = 'ProblemError'
  readonly status: number
  readonly error: string
  /** When to try again, in seconds; `undefined`: in a few. */
  readonly retrySeconds: number | undefined

  constructor(status: number, error: string, detail: string, retrySeconds?: number) {
    super(detail)
    this.status = status
    this.error = error
    this.retrySeconds = retrySeconds
  }
}

/** A limit of our own for all clients together is reached: 503. */
export class BusyError extends ProblemError {
  override name = 'BusyError'

  constructor(error: string, detail: string, retrySeconds?: number) {
    super(503, error, detail, retrySeconds)
  }
}

export function problemOf(status: number, error: string, detail: string): Problem {
  return { type: 'about:blank', title: STATUS_CODES[status] ?? 'Error', status, detail, error }
}

/** The same answer for strangers and for hidden people, so that it does not tell one from the other. */
export function unknownActor({ kinds }: Pick<Rulebook, 'kinds'>): ProblemError {
  return new ProblemError(
    404,
    'UnknownCharacter',
    `There is no such character. A character begins with the first ${anyOf(kinds)} that this server sees.`,
  )
}

/** `what` counts as more requests than the client has left. */
export function tooDear(what: string, cost: number): ProblemError {
  return new ProblemError(
    429,
    'RateLimitExceeded',
    `${what} counts as ${cost} requests, more than you have left for this minute.`,
  )
}

/** Ranks could not be read yet. */
export function noRanks(): ProblemError {
  return new ProblemError(
    503,
    'LedgerUnavailable',
    'Ranks cannot be read right now. Try again in a few seconds.',
  )
}

/** An error as Fastify throws it. */
export type RequestError = Error & {
  statusCode?: number
  validation?: readonly { keyword: string; params: Readonly<Record<string, unknown>> }[]
  validationContext?: string
}

/** Turns `error` into an answer. Unexpected errors are logged, and their text is kept from clients. */
export function problemFor(error: RequestError, request: FastifyRequest): Problem {
  if (error instanceof ProblemError) return problemOf(error.status, error.error, error.message)
  if (error instanceof InvalidCursorError) {
    return problemOf(404, 'UnknownCursor', `${capitalized(error.message)}: begin without a cursor.`)
  }
  if (error.validation !== undefined) {
    return problemOf(400, 'InvalidRequest', `${unknownParameter(error) ?? error.message}; see /openapi.json.`)
  }
  if (error.statusCode !== undefined && error.statusCode >= 400 && error.statusCode < 500) {
    return problemOf(error.statusCode, 'InvalidRequest', error.message)
  }
  request.log.error({ err: error, method: request.method, url: request.url }, 'a request failed')
  return problemOf(500, 'InternalError', 'The server failed to answer this request and has logged why.')
}

function unknownParameter({ validation, validationContext }: RequestError): string | undefined {
  const unknown = validation?.find(({ keyword }) => keyword === 'additionalProperties')?.params
    .additionalProperty
  if (typeof unknown !== 'string') return undefined
  const where = validationContext === 'querystring' ? 'parameter' : 'field'
  return `unknown ${where} ${JSON.stringify(unknown.slice(0, 100))}`
}

/** Answers with `problem`: a page for people, JSON for programs. */
export function sendProblem(reply: FastifyReply, problem: Problem): void {
  const wait = problem.status === 503 || problem.status === 429
  if (wait && !reply.hasHeader('retry-after')) reply.header('retry-after', RETRY_SECONDS)
  reply.code(problem.status).headers({ 'cache-control': 'no-store', vary: 'accept' })
  if (wantsPage(reply.request.headers.accept)) {
    sendPage(reply, problemPage({ ...problem, site: reply.server.site }))
  } else {
    reply.type(PROBLEM_TYPE).send(JSON.stringify(problem))
  }
}

/** Browsers ask for text/html; programs that accept anything get JSON. */
function wantsPage(accept: string | undefined): boolean {
  if (accept === undefined) return false
  const types = accept.split(',').map((entry) => entry.split(';')[0]?.trim().toLowerCase())
  const page = types.indexOf('text/html')
  const json = types.findIndex((type) => type === 'application/json' || type === PROBLEM_TYPE)
  return page >= 0 && (json < 0 || page < json)
}
