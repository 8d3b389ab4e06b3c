import type { Static } from 'typebox'
import type { Micros } from '../atproto/event.ts'
import { type BoardKind, dateOf, daysIn, periodName, periodOf, readPeriod, unitOf } from '../game/boards.ts'
import { type Day, dayOf, secondsOf } from '../game/time.ts'
import { KEPT_PERIODS } from '../store/period-boards.ts'
import type { BoardPage, Reader } from '../store/store.ts'
import type { Actors } from './actors.ts'
import type { Presenter } from './present.ts'
import { ProblemError } from './problem.ts'
import type { PeriodBoard } from './schemas.ts'

export type PeriodBoardsOptions = {
  reader: Reader
  presenter: Presenter
  actors: Actors
  clock: () => Micros
}

/** An example of the name of a period. */
const EXAMPLES: Readonly<Record<string, string>> = {
  week: '2026-W48',
  month: '2026-11',
  described: '2026-11',
}

/**
 * A page of the board of a period, as the API answers it.
 * @param name the period's, such as `2026-W48`; `undefined`: the running one
 * @throws {ProblemError} 400 where there is no such period, 404 where it has not begun or its board is not kept
 */
export async function readPeriodBoard(
  { reader, presenter, actors, clock }: PeriodBoardsOptions,
  kind: BoardKind,
  name: string | undefined,
  request: BoardPage,
): Promise<Static<typeof PeriodBoard>> {
  const today = dayOf(secondsOf(clock()))
  const board = { kind, period: periodNamed(kind, name, today) }
  const running = board.period === periodOf(kind, today)
  const page = await reader.periodBoard(board, request)
  if (page === undefined && !running) throw notKept(kind, periodName(board))
  const { items, cursor } = page ?? { items: [], cursor: undefined }
  for (const { character } of items) actors.noteLook(character)
  const { from, to } = daysIn(board)
  return {
    board: kind,
    period: periodName(board),
    from: dateOf(from),
    to: dateOf(to - 1),
    running,
    entries: items.map(({ rank, earned, character }) => ({
      rank,
      earned,
      character: presenter.character(character),
    })),
    cursor: cursor ?? null,
  }
}

function periodNamed(kind: BoardKind, name: string | undefined, today: Day): number {
  const running = periodOf(kind, today)
  const period = name === undefined ? running : readPeriod(kind, name)
  if (period === undefined) {
    throw new ProblemError(
      400,
      'InvalidRequest',
      `There is no ${unitOf(kind)} ${JSON.stringify(name?.slice(0, 100))}: name one such as ${EXAMPLES[kind]}.`,
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
    `This server has no board of ${name}: nobody earned anything in it here, or it is over for more than ${KEPT_PERIODS[kind]} ${unitOf(kind)}s.`,
  )
}
