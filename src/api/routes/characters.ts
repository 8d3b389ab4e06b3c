import { Type } from 'typebox'
import { leveling } from '../../game/levels.ts'
import { CharacterAnswers, sendReady } from '../character-answers.ts'
import { ActorParameters } from '../parameters.ts'
import { clientOf } from '../protect.ts'
import { NAMES_PEOPLE, NOT_MODIFIED, problems } from '../responses.ts'
import { Character } from '../schemas.ts'
import type { Routes } from './route.ts'

export const characterRoutes: Routes = (app, options) => {
  const { actors } = options
  const answers = new CharacterAnswers(options)

  app.get(
    '/v1/characters/:actor',
    {
      schema: {
        operationId: 'getCharacter',
        tags: ['characters'],
        summary: 'Get a character',
        description: 'Level, rank and counts of one person. The rank is not part of the ETag.',
        params: ActorParameters,
        response: { 200: Character, 304: NOT_MODIFIED, ...problems(400, 404, 503) },
      },
    },
    (request, reply) => {
      const { actor } = request.params
      const ready = answers.cached(actor)
      if (ready !== undefined) return sendReady(request, reply, ready)
      return actors
        .didOf(actor, clientOf(request, reply))
        .then((did) => answers.make(did))
        .then((made) => sendReady(request, reply, made))
    },
  )

  app.get(
    '/find/:actor',
    {
      schema: {
        operationId: 'findCharacter',
        tags: ['characters'],
        summary: "Get a character's leveling state",
        description: "The same person in the field names of the article that this project's idea comes from.",
        params: ActorParameters,
        response: { 200: Found, ...problems(400, 404, 503) },
      },
    },
    async (request, reply) => {
      const did = await actors.didOf(request.params.actor, clientOf(request, reply))
      const { profile, experience, lastDelta } = await actors.character(did)
      const state = leveling(experience, lastDelta)
      reply.header('cache-control', NAMES_PEOPLE)
      return {
        user_did: did,
        name: profile?.displayName || profile?.handle || did,
        leveling_state: {
          level: state.level,
          experience: state.experience,
          experience_to_next_level: state.experienceToNextLevel,
          levels_gained: state.levelsGained,
          progress_percentage: state.progressPercentage,
        },
      }
    },
  )
}

const Found = Type.Object({
  user_did: Type.String(),
  name: Type.String({ description: 'display name, or handle, or DID, whichever is the first known' }),
  leveling_state: Type.Object({
    level: Type.Integer(),
    experience: Type.Integer(),
    experience_to_next_level: Type.Integer(),
    levels_gained: Type.Integer(),
    progress_percentage: Type.Integer(),
  }),
})
