import { Type } from 'typebox'
import type { Routes } from '../app.ts'
import { Broadcast } from '../broadcast.ts'
import { ProblemError } from '../problem.ts'
import { beginRaw } from '../protect.ts'
import { problems } from '../responses.ts'

const MOST_CLIENTS = 1_000
const MOST_ACTORS = 100
const POLL_MS = 250
/** Shorter than the minute after which proxies give up on a silent connection. */
const KEEP_ALIVE_MS = 15_000

export const streamRoutes: Routes = (app, { reader, presenter, actors, logger }) => {
  const broadcast = new Broadcast({
    reader,
    present: (event) => presenter.event(event),
    onError: (error) => logger.warn(error, 'the stream of awards cannot be read'),
    pollMs: POLL_MS,
    keepAliveMs: KEEP_ALIVE_MS,
  })
  app.addHook('preClose', async () => broadcast.close())

  app.get(
    '/v1/stream',
    {
      exposeHeadRoute: false,
      schema: {
        summary: 'Awards and level-ups as they happen, as server-sent events named award and level-up',
        querystring: Type.Object({
          actors: Type.Optional(Type.String({ description: 'only these, comma-separated DIDs or handles' })),
        }),
        headers: Type.Object({
          'last-event-id': Type.Optional(Type.String({ maxLength: 200, description: 'where to go on' })),
        }),
        response: {
          200: Type.Unsafe<string>({
            description: 'events until either side has enough',
            content: { 'text/event-stream': { schema: Type.String() } },
          }),
          ...problems(400, 404, 503),
        },
      },
    },
    async (request, reply) => {
      const named = request.query.actors?.split(',').filter((name) => name !== '')
      if (named !== undefined && named.length > MOST_ACTORS) {
        throw new ProblemError(
          400,
          'InvalidRequest',
          `actors names ${named.length}; expected at most ${MOST_ACTORS}.`,
        )
      }
      if (broadcast.size >= MOST_CLIENTS) {
        throw new ProblemError(503, 'TooManyListeners', 'Enough clients listen already; try again later.')
      }
      const dids = named && new Set(await Promise.all(named.map((name) => actors.didOf(name))))
      beginRaw(reply, 200, {
        'content-type': 'text/event-stream; charset=utf-8',
        'cache-control': 'no-store',
        'x-accel-buffering': 'no',
      })
      reply.raw.write('retry: 3000\n\n')
      broadcast.add(reply.raw, dids, request.headers['last-event-id'])
    },
  )
}
