import { Readable } from 'node:stream'
import { type Did, isNsid } from '@atcute/lexicons/syntax'
import { Type } from 'typebox'
import type { RouteOptions, Routes, TypedApp } from '../app.ts'
import { csvHead, csvLine, type Event } from '../csv.ts'
import { ProblemError, unknownActor } from '../problem.ts'
import { problems } from '../responses.ts'
import { ActorParameters, EventList, PageQuery } from '../schemas.ts'

/** Events read at once for a whole ledger. */
const CHUNK = 500

export const eventRoutes: Routes = (app, options) => {
  const { actors, reader, presenter } = options

  app.get(
    '/v1/characters/:actor/events',
    {
      schema: {
        summary: "A character's ledger, newest first",
        params: ActorParameters,
        querystring: Type.Object({
          type: Type.Optional(
            Type.String({ description: 'only of this collection, such as app.bsky.feed.post' }),
          ),
          ...PageQuery,
        }),
        response: { 200: EventList, ...problems(400, 404, 503) },
      },
    },
    async (request) => {
      const { type, cursor, limit = 50 } = request.query
      if (type !== undefined && !isNsid(type)) {
        throw new ProblemError(400, 'InvalidType', `${JSON.stringify(type.slice(0, 100))} is no collection.`)
      }
      const did = await actors.didOf(request.params.actor)
      const page = await reader.events(did, { type, cursor, limit })
      if (page === undefined) throw unknownActor()
      return { items: page.items.map((event) => presenter.event(event)), cursor: page.cursor ?? null }
    },
  )

  for (const format of FORMATS) ledgerRoute(app, options, format)
}

/** A way to write a whole ledger down. */
type Format = { suffix: string; type: string; head: string; line: (event: Event) => string; summary: string }

const FORMATS: readonly Format[] = [
  { suffix: 'csv', type: 'text/csv; charset=utf-8', head: csvHead(), line: csvLine, summary: 'as CSV' },
  {
    suffix: 'jsonl',
    type: 'application/jsonl; charset=utf-8',
    head: '',
    line: (event) => `${JSON.stringify(event)}\n`,
    summary: 'as JSON lines',
  },
]

function ledgerRoute(app: TypedApp, options: RouteOptions, format: Format): void {
  const { actors } = options
  const open = new Set<Readable>()
  // A client that takes its time must not keep the server from ending.
  app.addHook('preClose', async () => {
    for (const ledger of open) ledger.destroy()
  })
  app.get(
    `/v1/characters/:actor/events.${format.suffix}`,
    {
      exposeHeadRoute: false,
      schema: {
        summary: `A character's whole ledger ${format.summary}, newest first`,
        params: ActorParameters,
        response: {
          200: Type.Unsafe<Readable>({
            description: 'one event a line',
            content: { [format.type.split(';')[0] ?? '']: { schema: Type.String() } },
          }),
          ...problems(400, 404, 503),
        },
      },
    },
    async (request, reply) => {
      const did = await actors.didOf(request.params.actor)
      // Before the first byte goes out: afterwards it would be too late for a 404.
      await actors.character(did)
      const ledger = Readable.from(lines(options, did, format))
      open.add(ledger)
      ledger.once('close', () => open.delete(ledger))
      reply.header('content-disposition', `attachment; filename="ledger.${format.suffix}"`)
      return reply.type(format.type).send(ledger)
    },
  )
}

/** Read as fast as the client takes it, page by page. */
async function* lines(
  { reader, presenter }: RouteOptions,
  did: Did,
  { head, line }: Format,
): AsyncGenerator<string> {
  if (head !== '') yield head
  let cursor: string | undefined
  do {
    const page = await reader.events(did, { type: undefined, cursor, limit: CHUNK })
    // Gone while we read: there is nothing more to tell.
    if (page === undefined) return
    if (page.items.length > 0) yield page.items.map((event) => line(presenter.event(event))).join('')
    cursor = page.cursor
  } while (cursor !== undefined)
}
