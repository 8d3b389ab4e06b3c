import type { FastifyRequest } from 'fastify'
import { Type } from 'typebox'
import { hasToken } from '../admin-token.ts'
import { importOf } from '../import-answer.ts'
import { ImportFollowers } from '../import-followers.ts'
import { IMPORTS_AN_HOUR, type ImportClient } from '../imports.ts'
import { ListenerPlaces } from '../listener-places.ts'
import { countStream } from '../measured.ts'
import { ActorParameters } from '../parameters.ts'
import { ProblemError } from '../problem.ts'
import { addressOf, beginRaw, clientOf } from '../protect.ts'
import { problems } from '../responses.ts'
import { Import } from '../schemas.ts'
import type { Routes } from './route.ts'
import { STREAM_HEADERS } from './stream.ts'

const MAX_FOLLOWERS = 500
const MAX_OF_A_CLIENT = 20
const POLL_MS = 250
/** Some proxies close a connection after 30 s of silence. */
const HEARTBEAT_MS = 15_000

const PATH = '/v1/characters/:actor/import'

/** The operator may send ADMIN_TOKEN. */
const SECURITY = [{ adminToken: [] }, {}]

/** The import of somebody's whole history: asking for it, how far it is, and taking it back. */
export const importRoutes: Routes = (app, { actors, imports, settings, logger, apiMetrics }) => {
  const places = new ListenerPlaces({ max: MAX_FOLLOWERS, maxOfAClient: MAX_OF_A_CLIENT })
  const followers = new ImportFollowers({
    state: (did) => imports.state(did),
    present: importOf,
    onError: (error) => logger.warn(error, 'the progress of an import cannot be read'),
    pollMs: POLL_MS,
    heartbeatMs: HEARTBEAT_MS,
  })
  app.addHook('preClose', async () => followers.close())
  const whoAsks = (request: FastifyRequest): ImportClient => ({
    address: addressOf(request),
    isOperator: hasToken(request.headers.authorization, settings.adminToken),
  })

  app.post(
    PATH,
    {
      schema: {
        operationId: 'importHistory',
        tags: ['characters'],
        summary: "Import a person's whole history",
        description: `Fetches the person's repository from their own server, checks it, and counts everything in it. Takes no body. An import that is under way serves all who ask. A client may ask for ${IMPORTS_AN_HOUR} an hour; ADMIN_TOKEN lifts the limits. People who do not want to be shown are refused like those whom nobody knows.`,
        security: SECURITY,
        params: ActorParameters,
        response: { 202: Import, ...problems(400, 404, 503) },
      },
    },
    async (request, reply) => {
      const did = await actors.didOf(request.params.actor, clientOf(request, reply))
      const state = await imports.ask(did, whoAsks(request))
      return reply.code(202).header('cache-control', 'no-store').send(importOf(did, state))
    },
  )

  app.get(
    PATH,
    {
      schema: {
        operationId: 'getImport',
        tags: ['characters'],
        summary: 'Get how far an import is',
        params: ActorParameters,
        response: { 200: Import, ...problems(400, 404, 503) },
      },
    },
    async (request, reply) => {
      const did = await actors.didOf(request.params.actor, clientOf(request, reply))
      const state = (await imports.state(did)) ?? noImport()
      reply.header('cache-control', 'no-store')
      return importOf(did, state)
    },
  )

  app.delete(
    PATH,
    {
      schema: {
        operationId: 'cancelImport',
        tags: ['characters'],
        summary: 'Cancel an import',
        description:
          'For the client that asked for it, at the same server, or with ADMIN_TOKEN. It goes on while other clients wait for it. What has been counted stays; asking again goes on from there.',
        security: SECURITY,
        params: ActorParameters,
        response: { 200: Import, ...problems(400, 403, 404, 503) },
      },
    },
    async (request, reply) => {
      const did = await actors.didOf(request.params.actor, clientOf(request, reply))
      const state = (await imports.cancel(did, whoAsks(request))) ?? noImport()
      reply.header('cache-control', 'no-store')
      return importOf(did, state)
    },
  )

  app.head(`${PATH}/stream`, { schema: { hide: true, params: ActorParameters } }, (_request, reply) =>
    reply.headers(STREAM_HEADERS).send(),
  )

  app.get(
    `${PATH}/stream`,
    {
      exposeHeadRoute: false,
      schema: {
        operationId: 'followImport',
        tags: ['characters'],
        summary: 'Follow an import',
        description:
          'Server-sent events: `progress` carries an `Import`, at the beginning and whenever it changes. The server closes the connection after the last one.',
        params: ActorParameters,
        response: {
          200: Type.Unsafe<string>({
            description: 'events, until the import has ended',
            content: { 'text/event-stream': { schema: ProgressEvent } },
          }),
          ...problems(400, 404, 503),
        },
      },
    },
    async (request, reply) => {
      // Before the first await, so that it is given back whenever the connection closes.
      places.take(addressOf(request), reply.raw)
      const did = await actors.didOf(request.params.actor, clientOf(request, reply))
      const state = (await imports.state(did)) ?? noImport()
      beginRaw(reply, 200, Object.entries(STREAM_HEADERS).flat())
      countStream(reply, apiMetrics)
      reply.raw.write('retry: 3000\n\n')
      followers.add(did, state, reply.raw)
    },
  )
}

/** The fields of one server-sent event. */
const ProgressEvent = Type.Object({
  event: Type.Optional(Type.Literal('progress')),
  data: Type.Optional(Type.String({ contentMediaType: 'application/json', description: 'an Import' })),
  retry: Type.Optional(Type.Integer({ description: 'milliseconds to wait before reconnecting' })),
})

function noImport(): never {
  throw new ProblemError(404, 'UnknownImport', 'No import of this person is known; ask for one with POST.')
}
