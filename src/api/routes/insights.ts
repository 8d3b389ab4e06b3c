import { insightsOf } from '../../game/insights.ts'
import { post } from '../../game/rules/post.ts'
import { unknownActor } from '../problem.ts'
import { clientOf } from '../protect.ts'
import { NAMES_PEOPLE, problems } from '../responses.ts'
import { ActorParameters, Insights } from '../schemas.ts'
import type { Routes } from './route.ts'

/** Events that insights look at, so that they take as long for a character with many records as for one with few. */
const MAX_EVENTS = 300

export const insightsRoutes: Routes = (app, { actors, reader, rules, clock }) => {
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
      const { experience, tally } = await actors.character(did)
      const page = { type: undefined, cursor: undefined, limit: MAX_EVENTS }
      const [days, latest, posts] = await Promise.all([
        reader.days(did),
        reader.events(did, page),
        reader.events(did, { ...page, type: post.collection }),
      ])
      // Hidden since.
      if (days === undefined || latest === undefined || posts === undefined) throw unknownActor(rules)
      reply.header('cache-control', NAMES_PEOPLE)
      const input = { rules, now: clock(), experience, tally, days, latest: latest.items, posts: posts.items }
      return { did, ...insightsOf(input) }
    },
  )
}
