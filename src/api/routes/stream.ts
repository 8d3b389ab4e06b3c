import { Type } from 'typebox'
import { Broadcast, SAMPLE_MS } from '../broadcast.ts'
import { HeavyReads } from '../heavy-reads.ts'
import { ListenerPlaces } from '../listener-places.ts'
import { countStream } from '../measured.ts'
import { MAX_NAMES, namesIn } from '../names.ts'
import { addressOf, beginRaw, clientOf } from '../protect.ts'
import { problems } from '../responses.ts'
import { withoutMoves } from '../without-moves.ts'
import type { Routes } from './route.ts'

const MAX_LISTENERS = 1_000
/** By client: a browser has a handful of tabs. */
const MAX_OF_A_CLIENT = 20
const POLL_MS = 250
/** Some proxies close a connection after 30 s of silence. */
const HEARTBEAT_MS = 15_000

/** Headers of an answer of server-sent events. */
export const STREAM_HEADERS = {
  'content-type': 'text/event-stream; charset=utf-8',
  'cache-control': 'no-store',
  // Otherwise nginx would delay events.
  'x-accel-buffering': 'no',
}

/** The fields of one server-sent event. */
const StreamEvent = Type.Object({
  event: Type.Optional(Type.Enum(['award', 'level-up', 'position', 'gap'])),
  id: Type.Optional(
    Type.String({ description: 'pass it as Last-Event-ID to resume here', examples: ['1042'] }),
  ),
  data: Type.Optional(
    Type.String({
      contentMediaType: 'application/json',
      description: 'a FollowedEvent in award and level-up; {"reason": text} in gap; {} in position',
    }),
  ),
  retry: Type.Optional(Type.Integer({ description: 'milliseconds to wait before reconnecting' })),
})

const Query = Type.Object({
  sample: Type.Optional(
    Type.Literal('level-ups', {
      description: `of everybody's level-ups one in ${SAMPLE_MS} ms at most, and nothing else: for a page that shows what happens; does not resume`,
    }),
  ),
  actors: Type.Optional(
    Type.String({ description: `only these people: comma-separated DIDs or handles, at most ${MAX_NAMES}` }),
  ),
})

export const streamRoutes: Routes = (app, { reader, presenter, actors, logger, apiMetrics }) => {
  const places = new ListenerPlaces({ max: MAX_LISTENERS, maxOfAClient: MAX_OF_A_CLIENT })
  const broadcast = new Broadcast({
    reader: withoutMoves(reader),
    // A queue of its own: exports take turns with the stream as a whole, not with each client that reconnects.
    heavy: new HeavyReads(MAX_LISTENERS),
    present: (event) => presenter.event(event),
    onError: (error) => logger.warn(error, 'the stream of events cannot be read'),
    pollMs: POLL_MS,
    heartbeatMs: HEARTBEAT_MS,
  })
  apiMetrics.watchClients(() => broadcast.size)
  app.addHook('preClose', async () => broadcast.close())

  app.head('/v1/stream', { schema: { hide: true, querystring: Query } }, (_request, reply) =>
    reply.headers(STREAM_HEADERS).send(),
  )

  app.get(
    '/v1/stream',
    {
      exposeHeadRoute: false,
      schema: {
        operationId: 'streamEvents',
        tags: ['events'],
        summary: 'Follow events as they happen',
        description: `Server-sent events. \`award\` and \`level-up\` carry an event of the ledger (\`FollowedEvent\`); \`position\` is empty, and comes at the beginning and after ${HEARTBEAT_MS / 1000} s of silence; \`gap\` says that events were left out, and why: read them from \`/v1/events\`. Each has an \`id\`: send the last one as \`Last-Event-ID\` to resume there. Every 100 events that this reads from the ledger count as one request.`,
        querystring: Query,
        headers: Type.Object({
          'last-event-id': Type.Optional(
            Type.String({ maxLength: 8_192, description: 'resume after this event' }),
          ),
        }),
        response: {
          200: Type.Unsafe<string>({
            description: 'events, until either side closes the connection',
            content: {
              'text/event-stream': { schema: StreamEvent },
            },
          }),
          ...problems(400, 404, 503),
        },
      },
    },
    async (request, reply) => {
      const { actors: list, sample } = request.query
      const named = list === undefined ? undefined : namesIn(list)
      const client = clientOf(request, reply)
      // Before the first await, so that it is given back whenever the connection closes.
      places.take(addressOf(request), reply.raw)
      const dids = named && new Set(await Promise.all(named.map((name) => actors.didOf(name, client))))
      beginRaw(reply, 200, Object.entries(STREAM_HEADERS).flat())
      countStream(reply, apiMetrics)
      reply.raw.write('retry: 3000\n\n')
      const { 'last-event-id': last } = request.headers
      const sampled = sample !== undefined
      broadcast.add({
        response: reply.raw,
        dids,
        sampled,
        last: sampled ? undefined : last,
        charge: (cost) => client.charge(cost),
      })
    },
  )
}
