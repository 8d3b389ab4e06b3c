import { Type } from 'typebox'
import type { Character, Ranked } from '../../store/store.ts'
import type { Routes } from '../app.ts'
import { noRanks, ProblemError } from '../problem.ts'
import { clientOf } from '../protect.ts'
import { NAMES_PEOPLE, problems } from '../responses.ts'
import { Board, PageQuery } from '../schemas.ts'

/** People on a board of their own, at most. */
const MAX_ACTORS = 100

export const leaderboardRoutes: Routes = (app, { actors, reader, presenter, ranks }) => {
  app.get(
    '/v1/leaderboards/all',
    {
      schema: {
        operationId: 'getLeaderboard',
        tags: ['leaderboards'],
        summary: 'List characters by experience',
        description:
          'Most first; equals share a rank. Holds some thousand characters and ends there; around one who is further down, the page is that character alone, with a rank that is counted every so often. `rank` is the place on this board: with `actors`, among those named; where each stands among everybody is in `character.rank`.',
        querystring: Type.Object({
          ...PageQuery,
          around: Type.Optional(
            Type.String({ description: 'a DID or handle to stand in the middle of the page' }),
          ),
          actors: Type.Optional(
            Type.String({
              description: `a board of these alone: DIDs or handles, comma-separated, at most ${MAX_ACTORS}`,
            }),
          ),
        }),
        response: { 200: Board, ...problems(400, 404, 503) },
      },
    },
    async (request, reply) => {
      const { cursor, limit = 50, around, actors: list } = request.query
      await ranks.ready()
      reply.header('cache-control', NAMES_PEOPLE)
      if (list !== undefined) {
        const names = list.split(',').filter((name) => name.trim() !== '')
        if (names.length === 0 || names.length > MAX_ACTORS || around !== undefined || cursor !== undefined) {
          const expected = `actors names ${names.length}; expected 1 to ${MAX_ACTORS}, and neither around nor cursor.`
          throw new ProblemError(400, 'InvalidRequest', expected)
        }
        const found = await actors.find(names, clientOf(request, reply))
        const dids = new Set(found.flatMap((actor) => (actor.outcome === 'found' ? actor.did : [])))
        const characters = await reader.characters([...dids])
        const ranked = rankAmong(characters).slice(0, limit)
        return {
          items: ranked.map(({ rank, character }) => ({ rank, character: presenter.character(character) })),
          cursor: null,
        }
      }
      const middle =
        around === undefined
          ? undefined
          : await actors.character(await actors.didOf(around, clientOf(request, reply)))
      const page = await reader.board({ cursor, limit, around: middle?.did })
      if (middle !== undefined && page.items.length === 0) {
        // Below the end of the board nobody has neighbours, but everybody has a rank.
        const rank = ranks.of(middle.experience)
        if (rank === null) throw noRanks()
        page.items.push({ rank: rank.position, character: middle })
      }
      for (const { character } of page.items) actors.noteLook(character)
      return {
        items: page.items.map(({ rank, character }) => ({ rank, character: presenter.character(character) })),
        cursor: page.cursor ?? null,
      }
    },
  )
}

/** Most experience first; equals share a rank, and stand in the order of their DIDs. */
function rankAmong(characters: readonly Character[]): Ranked[] {
  const sorted = characters.toSorted((a, b) => b.experience - a.experience || (a.did < b.did ? -1 : 1))
  let rank = 0
  return sorted.map((character, place) => {
    if (character.experience !== sorted[place - 1]?.experience) rank = place + 1
    return { rank, character }
  })
}
