import { Type } from 'typebox'
import { ATTRIBUTES } from '../../game/attributes.ts'
import { LEVELS_AS_FORMULA } from '../../game/levels.ts'
import { readFingerprint } from '../../game/rule-versions.ts'
import { iso } from '../../game/time.ts'
import type { CurrentRules } from '../current-rules.ts'
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
  version: Type.Integer({ description: 'which of the versions below these rules are' }),
  versions: Type.Array(
    Type.Object({
      version: Type.Integer({ description: 'as entries of ledgers name it' }),
      points: Type.Record(Type.String(), Type.Integer()),
      caps: Type.Record(Type.String(), Type.Integer()),
      since: Type.Union([Type.String({ format: 'date-time' }), Type.Null()], {
        description:
          'when people began to be moved to it; null for rules that a ledger began with or was recomputed by',
      }),
    }),
    { description: 'all rules that this ledger has counted by, oldest first' },
  ),
  move: Type.Union(
    [
      Type.Object({
        from: Type.Integer({ description: 'the version that the others still count by' }),
        to: Type.Integer(),
        done: Type.Number({ minimum: 0, maximum: 1, description: 'about how many have been moved' }),
      }),
      Type.Null(),
    ],
    {
      description: 'while two versions are in force, since people are moved from one to the other; else null',
    },
  ),
})

/** What the ledger says of its rules; of one that nobody has written to, the rules of the settings. */
function versionsOf({ state: { versions, move }, version, points, caps }: CurrentRules) {
  const stored = versions.map(({ version, fingerprint, at }) => ({
    version,
    ...(readFingerprint(fingerprint) ?? { points: {}, caps: {} }),
    since: at === undefined ? null : iso(at),
  }))
  return {
    version,
    versions:
      stored.length > 0 ? stored : [{ version, points: { ...points }, caps: { ...caps }, since: null }],
    move: move === undefined ? null : { from: move.from, to: version, done: move.done },
  }
}

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
      // While people are moved, it says how far that is.
      reply.header('cache-control', `public, max-age=${rules.state.move === undefined ? 60 : 2}`)
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
        ...versionsOf(rules),
      }
    },
  )
}
