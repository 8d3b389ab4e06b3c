import { Type } from 'typebox'
import { MAX_LEVEL_UPS } from '../level-ups.ts'
import { NAMES_PEOPLE, problems } from '../responses.ts'
import { LevelUpList } from '../schemas.ts'
import type { Routes } from './route.ts'

export const levelUpRoutes: Routes = (app, { levelUps, ranks }) => {
  app.get(
    '/v1/level-ups',
    {
      schema: {
        operationId: 'getLevelUps',
        tags: ['events'],
        summary: 'List the latest level-ups',
        description: `The newest ${MAX_LEVEL_UPS} at most, each person once. For more, and as they happen, see \`/v1/stream\`.`,
        querystring: Type.Object({}),
        response: { 200: LevelUpList, ...problems(503) },
      },
    },
    async (_request, reply) => {
      await ranks.ready()
      reply.header('cache-control', NAMES_PEOPLE)
      return { items: await levelUps.latest(), cursor: null }
    },
  )
}
