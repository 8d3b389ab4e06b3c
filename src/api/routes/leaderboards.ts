import { Type } from 'typebox'
import type { Routes } from '../app.ts'
import { noRanks } from '../problem.ts'
import { clientOf } from '../protect.ts'
import { problems } from '../responses.ts'
import { Board, PageQuery } from '../schemas.ts'

export const leaderboardRoutes: Routes = (app, { actors, reader, presenter, ranks }) => {
  app.get(
    '/v1/leaderboards/all',
    {
      schema: {
        summary: 'The foremost characters by experience, most first; equals share a rank',
        description:
          'Holds some thousand characters and ends there. Around one who is further down, the page is that character alone, with a rank that is counted every so often.',
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
      if (middle !== undefined && page.items.length === 0) {
        // Below the end of the board nobody has neighbours, but everybody has a rank.
        const rank = ranks.of(middle.experience)
        if (rank === null) throw noRanks()
        page.items.push({ rank: rank.position, character: middle })
      }
      for (const { character } of page.items) actors.noteLook(character)
      reply.header('cache-control', 'public, max-age=5')
      return {
        items: page.items.map(({ rank, character }) => ({ rank, character: presenter.character(character) })),
        cursor: page.cursor ?? null,
      }
    },
  )
}
