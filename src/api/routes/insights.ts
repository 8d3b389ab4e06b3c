import { MAX_EVENTS, readInsights } from '../insights.ts'
import { ActorParameters } from '../parameters.ts'
import { clientOf } from '../protect.ts'
import { NAMES_PEOPLE, problems } from '../responses.ts'
import { Insights } from '../schemas.ts'
import type { Routes } from './route.ts'

export const insightsRoutes: Routes = (app, options) => {
  const { actors } = options
  app.get(
    '/v1/characters/:actor/insights',
    {
      schema: {
        operationId: 'getCharacterInsights',
        tags: ['characters'],
        summary: "Get a character's insights",
        description: `How much of a character's media is described, their streak, pace, best week and days. \`hours\` goes by the latest ${MAX_EVENTS} events at most, \`undescribed\` by the latest ${MAX_EVENTS} about posts; everything else is exact.`,
        params: ActorParameters,
        response: { 200: Insights, ...problems(400, 404, 503) },
      },
    },
    async (request, reply) => {
      const did = await actors.didOf(request.params.actor, clientOf(request, reply))
      reply.header('cache-control', NAMES_PEOPLE)
      return readInsights(await actors.character(did), options)
    },
  )
}
