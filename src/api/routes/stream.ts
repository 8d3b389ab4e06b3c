import { Type } from 'typebox'
import type { Routes } from '../app.ts'
import { Broadcast } from '../broadcast.ts'
import { ProblemError } from '../problem.ts'
import { problems } from '../responses.ts'

const MOST_CLIENTS = 1_000
const MOST_ACTORS = 100

export const streamRoutes: Routes = (app, { reader, presenter, actors, logger }) => {
  const broadcast = new Broadcast({
    reader,
    present: (event) => presenter.event(event),
    onError: (error) => logger.warn(error, 'the stream of awards cannot be read'),
  })
  app.addHook('preClose', async () => broadcast.close())

  app.get(
    '/v1/stream',
    {
      schema: {
        summary: 'Awards and level-ups as they happen, as server-sent events named award and level-up',
        querystring: Type.Object({
          actors: Type.Optional(Type.String({ description: 'only these, comma-separated DIDs or handles' })),
        }),
        produces: ['text/event-stream'],
        response: { 200: Type.String(), ...problems(400, 404, 503) },
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
      const last = request.headers['last-event-id']
      reply.hijack()
      reply.raw.writeHead(200, {
        'content-type': 'text/event-stream; charset=utf-8',
        'cache-control': 'no-store',
        'x-accel-buffering': 'no',
      })
      reply.raw.write('retry: 3000\n\n')
      broadcast.add(reply.raw, dids, typeof last === 'string' ? last : undefined)
    },
  )
}
