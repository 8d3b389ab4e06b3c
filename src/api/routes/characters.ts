import { createHash } from 'node:crypto'
import type { FastifyReply, FastifyRequest } from 'fastify'
import { Type } from 'typebox'
import { leveling } from '../../game/levels.ts'
import type { RouteOptions, Routes } from '../app.ts'
import type { ReadyAnswer } from '../character-cache.ts'
import { ProblemError } from '../problem.ts'
import { beginRaw } from '../protect.ts'
import { problems } from '../responses.ts'
import { ActorParameters, Character, CharacterList } from '../schemas.ts'

const AT_ONCE = 100
const TYPE = 'application/json; charset=utf-8'
const FRESH = 'public, max-age=60'

export const characterRoutes: Routes = (app, options) => {
  const answers = new CharacterAnswers(options)

  app.get(
    '/v1/characters/:actor',
    {
      schema: {
        summary: 'A character: level, rank, counts',
        params: ActorParameters,
        response: {
          200: Character,
          304: Type.Null({ description: 'as the ETag in If-None-Match says' }),
          ...problems(400, 404, 503),
        },
      },
    },
    (request, reply) => {
      const { actor } = request.params
      const ready = answers.held(actor)
      if (ready === undefined) return answers.make(actor).then((made) => sendReady(request, reply, made))
      return sendReady(request, reply, ready)
    },
  )

  app.get(
    '/v1/characters',
    {
      schema: {
        summary: 'Up to 100 characters at once, without those that there are not',
        querystring: Type.Object({
          actors: Type.Union([Type.String(), Type.Array(Type.String())], {
            description: 'DIDs or handles, comma-separated or repeated',
          }),
        }),
        response: { 200: CharacterList, ...problems(400, 503) },
      },
    },
    async (request, reply) => {
      const { actors, reader, presenter, ranks } = options
      const named = [request.query.actors]
        .flat()
        .flatMap((list) => list.split(','))
        .filter((name) => name !== '')
      if (named.length === 0 || named.length > AT_ONCE) {
        throw new ProblemError(
          400,
          'InvalidRequest',
          `actors names ${named.length}; expected 1 to ${AT_ONCE}.`,
        )
      }
      const found = await Promise.all(named.map((name) => actors.didOf(name).catch(onlyUnknown)))
      await ranks.ready()
      const characters = await reader.characters(found.filter((did) => did !== undefined))
      for (const character of characters) actors.noteLook(character)
      reply.header('cache-control', FRESH)
      return { items: characters.map((character) => presenter.character(character)), cursor: null }
    },
  )

  app.get(
    '/find/:actor',
    {
      schema: {
        summary: "A character in the words of the article that this project's idea comes from",
        params: ActorParameters,
        response: { 200: Found, ...problems(400, 404, 503) },
      },
    },
    async (request) => {
      const { actors } = options
      const character = await actors.character(await actors.didOf(request.params.actor))
      const { did, profile, experience, lastDelta } = character
      const state = leveling(experience, lastDelta)
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
  name: Type.String(),
  leveling_state: Type.Object({
    level: Type.Integer(),
    experience: Type.Integer(),
    experience_to_next_level: Type.Integer(),
    levels_gained: Type.Integer(),
    progress_percentage: Type.Integer(),
  }),
})

/** Answers about single characters, made once for each change. */
class CharacterAnswers {
  readonly #options: RouteOptions
  /** Two games that award otherwise must not share an ETag. */
  readonly #rules: string

  constructor(options: RouteOptions) {
    this.#options = options
    this.#rules = createHash('sha256').update(options.rules.fingerprint).digest('base64url').slice(0, 6)
  }

  /** A hot character, by DID; what it says of the rank is as old as the answer. */
  held(actor: string): ReadyAnswer | undefined {
    return this.#options.cache.get(actor)
  }

  async make(actor: string): Promise<ReadyAnswer> {
    const { actors, presenter, ranks, cache, settings } = this.#options
    const did = await actors.didOf(actor)
    // Asked for by handle, it may still be a hot one.
    const held = did === actor ? undefined : cache.get(did)
    if (held !== undefined) return held
    const waiting = ranks.ready()
    if (waiting !== undefined) await waiting
    const { changes } = cache
    const character = await actors.character(did)
    const body = presenter.characterText(character)
    const etag = `"${character.version}.${this.#rules}"`
    return cache.set(did, { body, etag }, changes, settings.rankRefresh / 1000)
  }
}

/** Past the framework, which would look at the answer twice more: nothing is left to be done about it. */
function sendReady(request: FastifyRequest, reply: FastifyReply, { body, bytes, etag }: ReadyAnswer): void {
  const known = request.headers['if-none-match']
  if (known !== undefined && matches(known, etag)) {
    beginRaw(reply, 304, { etag, 'cache-control': FRESH })
    reply.raw.end()
    return
  }
  beginRaw(reply, 200, { etag, 'cache-control': FRESH, 'content-type': TYPE, 'content-length': bytes })
  reply.raw.end(body)
}

/** RFC 9110, 13.1.2: a weak comparison with each that the client knows. */
function matches(known: string, etag: string): boolean {
  return known === '*' || known.split(',').some((tag) => tag.trim().replace(/^W\//, '') === etag)
}

/** In a list, someone unknown is left out; what is no name at all is still an error. */
function onlyUnknown(error: unknown): undefined {
  if (error instanceof ProblemError && error.status === 404) return undefined
  throw error
}
