import { Readable } from 'node:stream'
import type { Did, Nsid } from '@atcute/lexicons/syntax'
import { isNsid } from '@atcute/lexicons/syntax'
import { Type } from 'typebox'
import type { LedgerEvent } from '../../game/state.ts'
import type { RouteOptions, Routes } from '../app.ts'
import { csvHead, csvLine } from '../csv.ts'
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
        response: { 200: EventList, ...problems(400, 404) },
      },
    },
    async (request) => {
      const { type, cursor, limit = 50 } = request.query
      if (type !== undefined && !isNsid(type)) {
        throw new ProblemError(400, 'InvalidType', `${JSON.stringify(type.slice(0, 100))} is no collection.`)
      }
      const did = await actors.didOf(request.params.actor)
      const page = await reader.events(did, { type: type as Nsid | undefined, cursor, limit })
      if (page === undefined) throw unknownActor()
      return { items: page.items.map((event) => presenter.event(event)), cursor: page.cursor ?? null }
    },
  )

  const whole = (
    suffix: 'csv' | 'jsonl',
    type: string,
    lines: (events: LedgerEvent[]) => string,
    head: string,
  ) => {
    app.get(
      `/v1/characters/:actor/events.${suffix}`,
      {
        schema: {
          summary: `A character's whole ledger as ${suffix === 'csv' ? 'CSV' : 'JSON lines'}, newest first`,
          params: ActorParameters,
          produces: [type],
          response: { 200: Type.Unsafe<Readable | string>(Type.String()), ...problems(400, 404) },
        },
      },
      async (request, reply) => {
        const did = await actors.didOf(request.params.actor)
        // Before the first byte goes out: afterwards it would be too late for a 404.
        await actors.character(did)
        reply.header('content-disposition', `attachment; filename="ledger.${suffix}"`)
        reply.type(type)
        return reply.send(Readable.from(pages(options, did, lines, head)))
      },
    )
  }
  whole(
    'csv',
    'text/csv; charset=utf-8',
    (events) => events.map((event) => csvLine(presenter.event(event))).join(''),
    csvHead(),
  )
  whole(
    'jsonl',
    'application/jsonl; charset=utf-8',
    (events) => events.map((event) => `${JSON.stringify(presenter.event(event))}\n`).join(''),
    '',
  )
}

/** Read as fast as the client takes it, page by page. */
async function* pages(
  { reader }: RouteOptions,
  did: Did,
  lines: (events: LedgerEvent[]) => string,
  head: string,
): AsyncGenerator<string> {
  if (head !== '') yield head
  let cursor: string | undefined
  do {
    const page = await reader.events(did, { type: undefined, cursor, limit: CHUNK })
    if (page === undefined) return
    if (page.items.length > 0) yield lines(page.items)
    cursor = page.cursor
  } while (cursor !== undefined)
}
