import type { Readable } from 'node:stream'
import type { Did } from '@atcute/lexicons/syntax'
import { Type } from 'typebox'
import type { Micros } from '../../atproto/event.ts'
import { microsOfDayOrTime } from '../../atproto/micros.ts'
import { DAY_MICROS } from '../../game/time.ts'
import { csvHead, csvLine, type Event } from '../csv.ts'
import { Downloads } from '../downloads.ts'
import { ActorParameters } from '../parameters.ts'
import { ProblemError, tooDear } from '../problem.ts'
import { addressOf, clientOf } from '../protect.ts'
import { problems } from '../responses.ts'
import type { RouteOptions, Routes, TypedApp } from './route.ts'

/** Events read at a time: some milliseconds. */
const PAGE = 200
/** Exports that run at a time: with more, each would only take longer. */
const AT_A_TIME = { max: 16, maxOfAClient: 4, error: 'TooManyExports', name: 'exports' }
/** An export counts as this many requests. */
const COST = 20
/**
 * Entries are in the order in which they were written, but dated by witness time, which may go back by this much from one
 * entry to the next. So an entry older than `since` does not end an export before this margin.
 */
const MAX_DISORDER_MICROS: Micros = DAY_MICROS

/** A file format for exports. */
type Format = { suffix: string; type: string; head: string; line: (event: Event) => string; name: string }

const FORMATS: readonly Format[] = [
  { suffix: 'csv', type: 'text/csv', head: csvHead(), line: csvLine, name: 'CSV' },
  {
    suffix: 'jsonl',
    type: 'application/jsonl',
    head: '',
    line: (event) => `${JSON.stringify(event)}\n`,
    name: 'JSON lines',
  },
]

const time = (description: string) =>
  Type.Optional(Type.String({ description, examples: ['2026-01-28T00:00:00Z'] }))

const Query = Type.Object({
  since: time('only entries from this time on'),
  until: time('only entries before this time'),
  limit: Type.Optional(
    Type.Integer({ minimum: 1, maximum: 10_000_000, description: 'only the newest events, this many' }),
  ),
})

/** Exports of whole ledgers. */
export const ledgerRoutes: Routes = (app, options) => {
  const downloads = new Downloads(app, AT_A_TIME)
  for (const format of FORMATS) ledgerRoute(app, options, format, downloads)
}

function ledgerRoute(app: TypedApp, options: RouteOptions, format: Format, downloads: Downloads): void {
  const { actors } = options
  const url = `/v1/characters/:actor/events.${format.suffix}`
  const headers = {
    'content-type': `${format.type}; charset=utf-8`,
    'content-disposition': `attachment; filename="ledger.${format.suffix}"`,
    'cache-control': 'no-store',
  }

  app.head(
    url,
    { schema: { hide: true, params: ActorParameters, querystring: Query } },
    async (request, reply) => {
      await actors.character(await actors.didOf(request.params.actor, clientOf(request, reply)))
      return reply.headers(headers).send()
    },
  )

  app.get(
    url,
    {
      exposeHeadRoute: false,
      schema: {
        operationId: `exportEventsAs${format.suffix === 'csv' ? 'Csv' : 'JsonLines'}`,
        tags: ['events'],
        summary: `Export a character's events as ${format.name}`,
        description: `The whole ledger, newest first${format.head === '' ? '' : `; columns: ${format.head.trim()}`}. Counts as ${COST} requests.`,
        params: ActorParameters,
        querystring: Query,
        response: {
          200: Type.Unsafe<Readable>({
            description: 'one event a line',
            content: { [format.type]: { schema: Type.String() } },
          }),
          ...problems(400, 404, 503),
        },
      },
    },
    async (request, reply) => {
      const client = clientOf(request, reply)
      const range = rangeOf(request.query)
      const did = await actors.didOf(request.params.actor, client)
      // Before the first byte is sent: afterwards it would be too late for a 404.
      await actors.character(did)
      const pay = (): void => {
        if (!client.charge(COST - 1)) throw tooDear('An export', COST)
      }
      const ledger = downloads.begin(addressOf(request), pay, () => lines(options, did, format, range))
      return reply.headers(headers).send(ledger)
    },
  )
}

type Range = { since: Micros; until: Micros; limit: number }

/** @throws {ProblemError} 400 if `since` or `until` is not a time */
function rangeOf({
  since,
  until,
  limit = Number.POSITIVE_INFINITY,
}: {
  since?: string
  until?: string
  limit?: number
}): Range {
  return {
    since: since === undefined ? Number.NEGATIVE_INFINITY : timeOf('since', since),
    until: until === undefined ? Number.POSITIVE_INFINITY : timeOf('until', until),
    limit,
  }
}

function timeOf(name: string, text: string): Micros {
  const time = microsOfDayOrTime(text)
  if (time !== undefined) return time
  throw new ProblemError(
    400,
    'InvalidRequest',
    `${name} is ${JSON.stringify(text.slice(0, 100))}; expected a day or a time such as 2026-01-31T00:00:00Z.`,
  )
}

/** Reads page by page as fast as the client does, in turn with other long reads. */
async function* lines(
  { reader, presenter, heavy }: RouteOptions,
  did: Did,
  { head, line }: Format,
  { since, until, limit }: Range,
): AsyncGenerator<string> {
  if (head !== '') yield head
  let left = limit
  let cursor: string | undefined
  do {
    const page = await heavy.run(() => reader.events(did, { type: undefined, cursor, limit: PAGE }))
    // The person has gone meanwhile: the export ends here.
    if (page === undefined) return
    const wanted = page.items.filter(({ at }) => at >= since && at < until).slice(0, left)
    left -= wanted.length
    if (wanted.length > 0) yield wanted.map((event) => line(presenter.event(event))).join('')
    const oldest = page.items.at(-1)?.at ?? since
    if (left === 0 || oldest < since - MAX_DISORDER_MICROS) return
    cursor = page.cursor
  } while (cursor !== undefined)
}
