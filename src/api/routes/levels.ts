import { Type } from 'typebox'
import { levelsWith } from '../levels.ts'
import { clientOf } from '../protect.ts'
import { NAMES_PEOPLE, problems } from '../responses.ts'
import { Levels } from '../schemas.ts'
import { serveBoards } from './boards-setting.ts'
import type { Routes } from './route.ts'

export const levelRoutes: Routes = (app, { actors, ranks, rules, settings }) => {
  serveBoards(app, settings)
  app.get(
    '/v1/leaderboards/levels',
    {
      schema: {
        operationId: 'getLevels',
        tags: ['leaderboards'],
        summary: 'Get the distribution of levels',
        description:
          'How the levels of all characters are distributed, and where a person stands among them.',
        querystring: Type.Object({
          actor: Type.Optional(Type.String({ description: "a DID or handle: adds this person's own place" })),
        }),
        response: { 200: Levels, ...problems(400, 404, 503) },
      },
    },
    async (request, reply) => {
      const { actor } = request.query
      await ranks.ready()
      reply.header('cache-control', NAMES_PEOPLE)
      const character =
        actor === undefined
          ? undefined
          : await actors.character(await actors.didOf(actor, clientOf(request, reply)))
      return levelsWith(character, { ranks, rules })
    },
  )
}
