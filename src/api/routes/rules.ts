import { Type } from 'typebox'
import { LEVELS_AS_FORMULA } from '../../game/levels.ts'
import { problems } from '../responses.ts'
import type { Routes } from './route.ts'

const Rules = Type.Object({
  points: Type.Record(Type.String(), Type.Integer(), { description: 'XP by reason' }),
  caps: Type.Record(Type.String(), Type.Integer(), { description: 'maximum XP a UTC day, by collection' }),
  titles: Type.Array(Type.Object({ level: Type.Integer(), title: Type.String() })),
  collections: Type.Array(Type.String(), { description: 'collections that earn XP' }),
  tracked: Type.Array(Type.String(), { description: 'collections that appear in timelines at 0 XP' }),
  levels: Type.String({ description: 'how a level follows from XP' }),
})

export const ruleRoutes: Routes = (app, { rules, tracked }) => {
  app.get(
    '/v1/rules',
    {
      schema: {
        operationId: 'getRules',
        tags: ['game'],
        summary: 'Get the rules',
        description: 'What earns XP, and how much.',
        response: { 200: Rules, ...problems() },
      },
    },
    async (_request, reply) => {
      reply.header('cache-control', 'public, max-age=60')
      return {
        points: { ...rules.points },
        caps: { ...rules.caps },
        titles: [...rules.titles],
        collections: [...rules.collections],
        tracked: [...tracked],
        levels: LEVELS_AS_FORMULA,
      }
    },
  )
}
