import { isNsid, type Nsid } from '@atcute/lexicons/syntax'
import { Type } from 'typebox'
import { InvalidCursorError, type Reader, type Recent } from '../../store/store.ts'
import { ActorParameters, PageQuery } from '../parameters.ts'
import { ProblemError, tooDear, unknownActor } from '../problem.ts'
import { clientOf } from '../protect.ts'
import { NAMES_PEOPLE, problems } from '../responses.ts'
import { EventList, FollowedEvents } from '../schemas.ts'
import type { Routes } from './route.ts'

/** Events in one answer, at most, and how many of them count as one request. */
const MAX_FOLLOWED = 500
const FOLLOWED_A_REQUEST = 100

const typeQuery = Type.Optional(
  Type.String({ description: 'only events of this collection', examples: ['app.bsky.feed.post'] }),
)

export const eventRoutes: Routes = (app, { actors, reader, presenter, heavy, rules }) => {
  app.get(
    '/v1/characters/:actor/events',
    {
      schema: {
        operationId: 'getCharacterEvents',
        tags: ['events'],
        summary: "List a character's events",
        description:
          'The ledger of one character, newest first: each entry names the record that earned or lost XP.',
        params: ActorParameters,
        querystring: Type.Object({ type: typeQuery, ...PageQuery }),
        response: { 200: EventList, ...problems(400, 404, 503) },
      },
    },
    async (request, reply) => {
      const { type, cursor, limit = 50 } = request.query
      const did = await actors.didOf(request.params.actor, clientOf(request, reply))
      const page = await reader.events(did, { type: collection(type), cursor, limit })
      if (page === undefined) throw unknownActor(rules)
      reply.header('cache-control', NAMES_PEOPLE)
      return { items: page.items.map((event) => presenter.event(event)), cursor: page.cursor ?? null }
    },
  )

  app.get(
    '/v1/events',
    {
      schema: {
        operationId: 'followEvents',
        tags: ['events'],
        summary: "List everybody's events",
        description: `Events of all characters, in a stable order: pass the returned \`cursor\` as \`after\`. Without \`after\` the answer has no events, only the cursor of the newest. An answer may have fewer events than \`limit\`, or none, although more follow, since those of people who are not shown are left out: there are none once the cursor stays as it is. If \`missed\` is true, the events after your cursor are no longer kept (or it belongs to another ledger); go on with the returned one. Every ${FOLLOWED_A_REQUEST} events count as one request.`,
        querystring: Type.Object({
          after: Type.Optional(
            Type.String({
              maxLength: 8_192,
              pattern: '^[0-9a-z]{1,15}([.-][0-9a-z]{1,8})*$',
              description: 'the cursor of the previous answer',
            }),
          ),
          limit: Type.Optional(Type.Integer({ minimum: 1, maximum: MAX_FOLLOWED, default: 100 })),
        }),
        response: { 200: FollowedEvents, ...problems(400, 503) },
      },
    },
    async (request, reply) => {
      const { after, limit = 100 } = request.query
      const cost = Math.ceil(limit / FOLLOWED_A_REQUEST)
      if (!clientOf(request, reply).charge(cost - 1)) throw tooDear(`A page of ${limit} events`, cost)
      const { events, position, missed } = await heavy.run(() => follow(reader, after, limit))
      reply.header('cache-control', NAMES_PEOPLE)
      return {
        items: events.map((event) => ({ did: event.did, ...presenter.event(event) })),
        cursor: position,
        missed,
      }
    },
  )
}

/** A cursor of another ledger, or of this one before a restore, answers as `missed`. */
async function follow(reader: Reader, after: string | undefined, limit: number): Promise<Recent> {
  try {
    return await reader.recent(after, limit)
  } catch (error) {
    if (!(error instanceof InvalidCursorError)) throw error
    return { ...(await reader.recent(undefined, limit)), missed: true }
  }
}

/** @throws {ProblemError} 400 if `type` is no NSID */
function collection(type: string | undefined): Nsid | undefined {
  if (type === undefined || isNsid(type)) return type
  throw new ProblemError(
    400,
    'InvalidType',
    `${JSON.stringify(type.slice(0, 100))} is not a collection; expected an NSID such as app.bsky.feed.post.`,
  )
}
