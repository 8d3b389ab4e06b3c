import { Type } from 'typebox'
import {
  BOARD_KINDS,
  type BoardKind,
  dateOf,
  daysIn,
  periodName,
  periodOf,
  readPeriod,
} from '../../game/boards.ts'
import { type Day, dayOf, secondsOf } from '../../game/time.ts'
import { KEPT_PERIODS } from '../../store/period-boards.ts'
import { ProblemError } from '../problem.ts'
import { clientOf } from '../protect.ts'
import { NAMES_PEOPLE, problems } from '../responses.ts'
import { PageQuery, PeriodBoard } from '../schemas.ts'
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
}

export const periodBoardRoutes: Routes = (app, { actors, reader, presenter, ranks, settings, clock }) => {
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
          description: `Counts ${counts}. Most first; equals share a rank and stand in an order that stays. A deletion or an edit of an old record changes the period of that record. The board ends after the top five hundred or so: around a character who is not on it there are no entries.`,
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
        const { cursor, limit = 50, around, period: name } = request.query
        const today = dayOf(secondsOf(clock()))
        const board = { kind, period: periodNamed(kind, name, today, example) }
        const isRunning = board.period === periodOf(kind, today)
        await ranks.ready()
        reply.header('cache-control', NAMES_PEOPLE)
        const middle =
          around === undefined
            ? undefined
            : await actors.character(await actors.didOf(around, clientOf(request, reply)))
        const page = await reader.periodBoard(board, { cursor, limit, around: middle?.did })
        if (page === undefined && !isRunning) throw notKept(kind, periodName(board))
        const { items, cursor: next } = page ?? { items: [], cursor: undefined }
        for (const { character } of items) actors.noteLook(character)
        const { from, to } = daysIn(board)
        return {
          board: kind,
          period: periodName(board),
          from: dateOf(from),
          to: dateOf(to - 1),
          running: isRunning,
          entries: items.map(({ rank, earned, character }) => ({
            rank,
            earned,
            character: presenter.character(character),
          })),
          cursor: next ?? null,
        }
      },
    )
  }
}

/** @throws {ProblemError} 400 where there is no such period, 404 where it has not begun */
function periodNamed(kind: BoardKind, name: string | undefined, today: Day, example: string): number {
  const running = periodOf(kind, today)
  const period = name === undefined ? running : readPeriod(kind, name)
  if (period === undefined) {
    throw new ProblemError(
      400,
      'InvalidRequest',
      `There is no ${kind} ${JSON.stringify(name?.slice(0, 100))}: name one such as ${example}.`,
    )
  }
  if (period > running) {
    throw new ProblemError(
      404,
      'UnknownPeriod',
      `${name} has not begun: now is ${periodName({ kind, period: running })}, UTC.`,
    )
  }
  return period
}

function notKept(kind: BoardKind, name: string): ProblemError {
  return new ProblemError(
    404,
    'UnknownPeriod',
    `This server has no board of ${name}: nobody earned anything in it here, or it is over for more than ${KEPT_PERIODS[kind]} ${kind}s.`,
  )
}
