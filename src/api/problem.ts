import { type Static, Type } from 'typebox'

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

const TITLES: Readonly<Record<number, string>> = {
  400: 'Bad Request',
  403: 'Forbidden',
  404: 'Not Found',
  405: 'Method Not Allowed',
  413: 'Content Too Large',
  429: 'Too Many Requests',
  500: 'Internal Server Error',
  503: 'Service Unavailable',
}

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
  return { type: 'about:blank', title: TITLES[status] ?? 'Error', status, detail, error }
}

/** The one answer for everybody who is not here, whatever the reason. */
export function unknownActor(): ProblemError {
  return new ProblemError(
    404,
    'UnknownCharacter',
    'There is no such character. One comes to be with the first post, like or repost that this server sees.',
  )
}
