import { Type } from 'typebox'
import { BOARD_KINDS, type BoardKind, unitOf } from '../../game/boards.ts'
import { KEPT_PERIODS } from '../../store/period-boards.ts'
import { PageQuery } from '../parameters.ts'
import { readPeriodBoard } from '../period-boards.ts'
import { clientOf } from '../protect.ts'
import { NAMES_PEOPLE, problems } from '../responses.ts'
import { PeriodBoard } from '../schemas.ts'
import { serveBoards } from './boards-setting.ts'
import type { Routes } from './route.ts'

const BOARDS: Readonly<
  Record<BoardKind, { operationId: string; summary: string; counts: string; example: string }>
> = {
  week: {
    operationId: 'getWeekLeaderboard',
    summary: 'List characters by what they earned in an ISO week',
    counts: 'XP of live records first witnessed in the week, Monday to Sunday, UTC',
    example: '2026-W48',
  },
  month: {
    operationId: 'getMonthLeaderboard',
    summary: 'List characters by what they earned in a month',
    counts: 'XP of live records first witnessed in the calendar month, UTC',
    example: '2026-11',
  },
  described: {
    operationId: 'getDescribedLeaderboard',
    summary: 'List characters by how many posts with described media they made in a month',
    counts: 'live posts first witnessed in the calendar month, UTC, of which all media have alt text',
    example: '2026-11',
  },
}

export const periodBoardRoutes: Routes = (app, options) => {
  const { actors, ranks, settings } = options
  serveBoards(app, settings)
  for (const kind of BOARD_KINDS) {
    const { operationId, summary, counts, example } = BOARDS[kind]
    app.get(
      `/v1/leaderboards/${kind}`,
      {
        schema: {
          operationId,
          tags: ['leaderboards'],
          summary,
          description: `Counts ${counts}. Most first; equals share a rank and stand in an order that stays. A deletion or an edit of an old record changes the period of that record. The board ends after the top five hundred or so: around a character who is not on it there are no entries. Boards of ${KEPT_PERIODS[kind]} finished ${unitOf(kind)}s are kept.`,
          querystring: Type.Object({
            ...PageQuery,
            period: Type.Optional(
              Type.String({
                description: `such as ${example}; the running one if left out`,
                examples: [example],
              }),
            ),
            around: Type.Optional(
              Type.String({ description: "a DID or handle: the page shows this person's neighbours" }),
            ),
          }),
          response: { 200: PeriodBoard, ...problems(400, 404, 503) },
        },
      },
      async (request, reply) => {
        const { cursor, limit = 50, around, period } = request.query
        await ranks.ready()
        reply.header('cache-control', NAMES_PEOPLE)
        const middle =
          around === undefined
            ? undefined
            : await actors.character(await actors.didOf(around, clientOf(request, reply)))
        return readPeriodBoard(options, kind, period, { cursor, limit, around: middle?.did })
      },
    )
  }
}
