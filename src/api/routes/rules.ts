import { Type } from 'typebox'
import { ATTRIBUTES } from '../../game/attributes.ts'
import { LEVELS_AS_FORMULA } from '../../game/levels.ts'
import { problems } from '../responses.ts'
import type { Routes } from './route.ts'

const Rules = Type.Object({
  points: Type.Record(Type.String(), Type.Integer(), { description: 'XP by reason' }),
  awards: Type.Array(
    Type.Object({
      reason: Type.String(),
      experience: Type.Integer(),
      name: Type.String(),
      example: Type.String(),
    }),
    { description: 'the same in words' },
  ),
  attributes: Type.Array(Type.Object({ name: Type.String(), of: Type.String(), rule: Type.String() }), {
    description: 'what the attributes of a character come from',
  }),
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
        awards: Object.entries(rules.points).map(([reason, experience]) => ({
          reason,
          experience,
          name: rules.words[reason]?.name ?? reason,
          example: rules.words[reason]?.example ?? '',
        })),
        attributes: ATTRIBUTES.map(({ name, of, rule }) => ({ name, of, rule })),
        caps: { ...rules.caps },
        titles: [...rules.titles],
        collections: [...rules.collections],
        tracked: [...tracked],
        levels: LEVELS_AS_FORMULA,
      }
    },
  )
}
