import type { Did } from '@atcute/lexicons/syntax'
import type { FastifyRequest } from 'fastify'
import { type Static, Type } from 'typebox'
import { isObject } from '../../atproto/json.ts'
import type { Client, NamedActor } from '../actors.ts'
import { MAX_NAMES, namesIn } from '../names.ts'
import { NAMES } from '../parameters.ts'
import { ProblemError, tooDear } from '../problem.ts'
import { clientOf } from '../protect.ts'
import { NAMES_PEOPLE, problems } from '../responses.ts'
import { CharacterList } from '../schemas.ts'
import type { RouteOptions, Routes } from './route.ts'

/** Names that count as one request. */
const NAMES_A_REQUEST = 25

export const characterBatchRoutes: Routes = (app, options) => {
  app.get(
    '/v1/characters',
    {
      schema: {
        operationId: 'getCharacters',
        tags: ['characters'],
        summary: 'Get many characters',
        description: `Up to ${MAX_NAMES} at once. Unknown ones are omitted from \`items\`; \`asked\` gives the result for each name. Every ${NAMES_A_REQUEST} names count as one request.`,
        querystring: Type.Object(
          {
            actors: Type.Union(
              [Type.String({ pattern: NAMES }), Type.Array(Type.String({ pattern: NAMES }), { minItems: 1 })],
              {
                description: 'DIDs, handles or links to profiles, comma-separated or repeated',
                examples: ['did:plc:alicealicealicealicealic,alice.example'],
              },
            ),
          },
          { additionalProperties: false },
        ),
        response: { 200: CharacterList, ...problems(400, 503) },
      },
    },
    async (request, reply) => {
      const names = namesIn(...[request.query.actors].flat())
      reply.header('cache-control', NAMES_PEOPLE)
      return batch(options, names, clientOf(request, reply))
    },
  )

  app.post(
    '/v1/characters/batch',
    {
      bodyLimit: 262_144,
      preValidation: refuseOtherTypes,
      schema: {
        operationId: 'getCharactersByBody',
        tags: ['characters'],
        summary: 'Get many characters by a list in the body',
        description:
          'The same as `GET /v1/characters`, for lists that are too long for a URL. It changes nothing.',
        body: Type.Object(
          {
            // However long a text is, it is either a name or none; the limit of the body bounds all of them together.
            actors: Type.Array(Type.String(), { maxItems: MAX_NAMES, minItems: 1 }),
          },
          { additionalProperties: false },
        ),
        response: { 200: CharacterList, ...problems(400, 413, 415, 503) },
      },
    },
    async (request, reply) => {
      reply.header('cache-control', 'no-store')
      return batch(options, request.body.actors, clientOf(request, reply))
    },
  )
}

/** Refuses names that are not text: the validator would turn numbers into text, as in a query. */
async function refuseOtherTypes({ body }: FastifyRequest): Promise<void> {
  const actors = isObject(body) ? body.actors : undefined
  if (Array.isArray(actors) && actors.every((name) => typeof name === 'string')) return
  throw new ProblemError(400, 'InvalidRequest', 'The body has to be {"actors": ["...", "..."]}.')
}

async function batch(
  { actors, reader, presenter, ranks }: RouteOptions,
  names: readonly string[],
  client: Client,
): Promise<Static<typeof CharacterList>> {
  const cost = Math.ceil(names.length / NAMES_A_REQUEST)
  if (!client.charge(cost - 1)) throw tooDear(`A list of ${names.length} names`, cost)
  const found = await actors.find(names, client)
  const dids = new Set<Did>()
  for (const name of found) if (name.outcome === 'found') dids.add(name.did)
  await ranks.ready()
  const characters = await reader.characters([...dids])
  for (const character of characters) actors.noteLook(character)
  const shown = new Set(characters.map(({ did }) => did))
  return {
    items: characters.map((character) => presenter.character(character)),
    cursor: null,
    asked: found.map((actor) => outcomeOf(actor, shown)),
  }
}

/** Hidden people look like strangers: without their DID, nobody learns whose the handle is. */
function outcomeOf(
  actor: NamedActor,
  shown: ReadonlySet<Did>,
): Static<typeof CharacterList>['asked'][number] {
  const { name } = actor
  if (actor.outcome === 'found' && shown.has(actor.did)) return { name, outcome: 'known', did: actor.did }
  return { name, outcome: OUTCOMES[actor.outcome], did: null }
}

/** Outcomes of names without a character in the answer. */
const OUTCOMES = {
  found: 'unknown',
  unknown: 'unknown',
  'not a name': 'notAName',
  unavailable: 'unavailable',
  refused: 'unavailable',
} as const
