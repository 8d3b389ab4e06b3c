import { Type } from 'typebox'
import type { Routes } from '../app.ts'
import { unknownActor } from '../problem.ts'
import { clientOf } from '../protect.ts'
import { problems } from '../responses.ts'
import { Board, PageQuery } from '../schemas.ts'

export const leaderboardRoutes: Routes = (app, { actors, reader, presenter, ranks }) => {
  app.get(
    '/v1/leaderboards/all',
    {
      schema: {
        summary: 'Characters by experience, most first; equals share a rank',
        querystring: Type.Object({
          ...PageQuery,
          around: Type.Optional(
            Type.String({ description: 'a DID or handle to stand in the middle of the page' }),
          ),
        }),
        response: { 200: Board, ...problems(400, 404, 503) },
      },
    },
    async (request, reply) => {
      const { cursor, limit = 50, around } = request.query
      await ranks.ready()
      const middle =
        around === undefined
          ? undefined
          : await actors.character(await actors.didOf(around, clientOf(request, reply)))
      const page = await reader.board({ cursor, limit, around: middle?.did })
      if (middle !== undefined && page.items.length === 0) throw unknownActor()
      for (const { character } of page.items) actors.noteLook(character)
      reply.header('cache-control', 'public, max-age=5')
      return {
        items: page.items.map(({ rank, character }) => ({ rank, character: presenter.character(character) })),
        cursor: page.cursor ?? null,
      }
    },
  )
}
