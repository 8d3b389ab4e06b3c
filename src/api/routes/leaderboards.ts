import type { Did } from '@atcute/lexicons/syntax'
import { Type } from 'typebox'
import type { Rulebook } from '../../game/rulebook.ts'
import { type Character, InvalidCursorError, type Page, type Ranked } from '../../store/store.ts'
import { MAX_NAMES, namesIn } from '../names.ts'
import { NAMES, PageQuery } from '../parameters.ts'
import { noRanks, unknownActor } from '../problem.ts'
import { clientOf } from '../protect.ts'
import { NAMES_PEOPLE, problems } from '../responses.ts'
import { Board } from '../schemas.ts'
import { serveBoards } from './boards-setting.ts'
import type { Routes } from './route.ts'

export const leaderboardRoutes: Routes = (app, { actors, reader, presenter, ranks, rules, settings }) => {
  serveBoards(app, settings)
  app.get(
    '/v1/leaderboards/all',
    {
      schema: {
        operationId: 'getLeaderboard',
        tags: ['leaderboards'],
        summary: 'List characters by experience',
        description:
          'Highest first; equals share a rank. The board ends after the top thousand or so: `around` a character further down gives that character alone. `rank` is the place on this board, with `actors` the place among the people named; the place among everybody is `character.rank`.',
        querystring: Type.Object({
          ...PageQuery,
          around: Type.Optional(
            Type.String({ description: "a DID or handle: the page shows this person's neighbours" }),
          ),
          actors: Type.Optional(
            Type.String({
              pattern: NAMES,
              description: `rank only these people: DIDs or handles, comma-separated, at most ${MAX_NAMES}`,
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
        const client = clientOf(request, reply)
        const found = await actors.find(namesIn(list), client)
        const dids = new Set(found.flatMap((actor) => (actor.outcome === 'found' ? actor.did : [])))
        const ranked = rankAmong(await reader.characters([...dids]))
        const middle = around === undefined ? undefined : await actors.didOf(around, client)
        const page = pageOf(ranked, { cursor, middle, limit }, rules)
        return {
          items: page.items.map(({ rank, character }) => ({
            rank,
            character: presenter.character(character),
          })),
          cursor: page.cursor ?? null,
        }
      }
      const middle =
        around === undefined
          ? undefined
          : await actors.character(await actors.didOf(around, clientOf(request, reply)))
      const page = await reader.board({ cursor, limit, around: middle?.did })
      if (middle !== undefined && page.items.length === 0) {
        // Not on the board: no neighbours, but a rank.
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

/** Highest XP first; equals share a rank, and are ordered by DID. */
function rankAmong(characters: readonly Character[]): Ranked[] {
  const sorted = characters.toSorted((a, b) => b.experience - a.experience || (a.did < b.did ? -1 : 1))
  let rank = 0
  return sorted.map((character, place) => {
    if (character.experience !== sorted[place - 1]?.experience) rank = place + 1
    return { rank, character }
  })
}

/**
 * A page of a board of few people, which is ranked anew for each page; the cursor is an index.
 * @throws {ProblemError} 404 if `middle` is not on the board
 * @throws {InvalidCursorError} if the cursor is no index
 */
function pageOf(
  ranked: readonly Ranked[],
  { cursor, middle, limit }: { cursor: string | undefined; middle: Did | undefined; limit: number },
  rules: Rulebook,
): Page<Ranked> {
  let from = 0
  if (middle !== undefined) {
    const place = ranked.findIndex(({ character }) => character.did === middle)
    if (place < 0) throw unknownActor(rules)
    from = Math.max(0, place - Math.floor((limit - 1) / 2))
  } else if (cursor !== undefined) {
    if (!/^\d{1,3}$/.test(cursor)) throw new InvalidCursorError('the cursor is not one of this board')
    from = Number(cursor)
  }
  const next = from + limit
  return { items: ranked.slice(from, next), cursor: next < ranked.length ? String(next) : undefined }
}
