import { Type } from 'typebox'
import { problems } from '../../src/api/responses.ts'
import type { Routes } from '../../src/api/routes/route.ts'

/** An example of a route that others may add: how XP is distributed over the characters. */
export const insightRoutes: Routes = (app, { reader }) => {
  app.get(
    '/v1/insights',
    {
      schema: {
        operationId: 'getInsights',
        tags: ['game'],
        summary: 'Get insights',
        description: 'How experience is spread over the characters.',
        response: { 200: Type.Object({ median: Type.Integer() }), ...problems(503) },
      },
    },
    async () => {
      const all = (await reader.xpHistogram()).flatMap(({ experience, characters }) =>
        Array<number>(characters).fill(experience),
      )
      return { median: all[Math.floor(all.length / 2)] ?? 0 }
    },
  )
}
