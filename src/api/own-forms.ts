// Forms that change something for the person who is signed in: they must come from our own pages.
import { timingSafeEqual } from 'node:crypto'
import type { FastifyInstance, FastifyRequest } from 'fastify'
import { ProblemError } from './problem.ts'

/** Bytes of a form: a name and a token. */
const MAX_FORM_BYTES = 4_096

/** Lets the routes of `app`, and no others, take forms. Their bodies are `URLSearchParams`. */
export function takeForms(app: FastifyInstance): void {
  app.addContentTypeParser(
    'application/x-www-form-urlencoded',
    { parseAs: 'string', bodyLimit: MAX_FORM_BYTES },
    (_request, body, done) => done(null, new URLSearchParams(String(body))),
  )
}

/** The fields of a form; none where it had no body. */
export function fieldsOf({ body }: FastifyRequest): URLSearchParams {
  return body instanceof URLSearchParams ? body : new URLSearchParams()
}

/**
 * Checks that a form was sent from a page of this server. Browsers say so themselves (`Sec-Fetch-Site`); older ones name the origin.
 * @param address where this server is reached; see `SignIn.addressFor` and `baseAddress`
 * @throws {ProblemError} 403
 */
export function assertOwnPage({ headers }: FastifyRequest, address: string): void {
  const site = headers['sec-fetch-site']
  const isOwn =
    site === undefined
      ? headers.origin !== undefined && headers.origin === URL.parse(address)?.origin
      : site === 'same-origin' || site === 'none'
  if (!isOwn) throw foreignForm()
}

/** Checks the token that our page has put into its form. @throws {ProblemError} 403 */
export function assertToken(fields: URLSearchParams, expected: string): void {
  const given = Buffer.from(fields.get('token') ?? '')
  const own = Buffer.from(expected)
  if (given.length !== own.length || !timingSafeEqual(given, own)) throw foreignForm()
}

function foreignForm(): ProblemError {
  return new ProblemError(
    403,
    'ForeignForm',
    'This form was not sent from a page of this server, or is too old. Open the page again, and send it from there.',
  )
}
