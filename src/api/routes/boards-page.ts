import type { FastifyReply, FastifyRequest } from 'fastify'
import { BOARD_KINDS, type BoardKind, periodName, periodOf, readPeriod } from '../../game/boards.ts'
import { dayOf, iso, secondsOf } from '../../game/time.ts'
import { KEPT_PERIODS } from '../../store/period-boards.ts'
import { type Character, InvalidCursorError } from '../../store/store.ts'
import { boardsPage } from '../../web/boards-page.ts'
import type { ShownPeriod, ShownPlace } from '../../web/shown.ts'
import { levelsWith } from '../levels.ts'
import { sendPage } from '../pages.ts'
import { readPeriodBoard } from '../period-boards.ts'
import { clientOf } from '../protect.ts'
import { NAMES_PEOPLE } from '../responses.ts'
import { serveBoards } from './boards-setting.ts'
import type { RouteOptions, Routes } from './route.ts'

const MAX_PLACES = 50
/** People on the page around one of them. */
const NEIGHBOURS = 11

type BoardRequest = FastifyRequest<{ Params: { period?: string }; Querystring: Record<string, unknown> }>

type Read = {
  places: ShownPlace[]
  cursor: string | undefined
  period: ShownPeriod | undefined
}

/** `/boards`, `/boards/week/2026-W48` and so on. */
export const boardPageRoutes: Routes = (app, options) => {
  serveBoards(app, options.settings)
  const add = (path: string, kind: BoardKind | undefined): void => {
    app.get(path, { schema: { hide: true } }, (request, reply) =>
      answer(request as BoardRequest, reply, kind, options),
    )
  }
  add('/boards', undefined)
  for (const kind of BOARD_KINDS) {
    add(`/boards/${kind}`, kind)
    add(`/boards/${kind}/:period`, kind)
  }
}

async function answer(
  request: BoardRequest,
  reply: FastifyReply,
  kind: BoardKind | undefined,
  options: RouteOptions,
): Promise<unknown> {
  const { actors, presenter, ranks, rules, clock } = options
  await ranks.ready()
  const around = textIn(request.query.around)
  const middle =
    around === undefined
      ? undefined
      : await actors.character(await actors.didOf(around, clientOf(request, reply)))
  const at = textIn(request.query.cursor)
  const read = (cursor: string | undefined): Promise<Read> =>
    kind === undefined
      ? readAll(options, cursor, middle)
      : readPeriodOf(options, kind, request.params.period, cursor, middle)
  // A cursor that is none, cut short in a mail, shows the first page.
  const { page, first } = await read(at).then(
    (page) => ({ page, first: at === undefined }),
    async (error: unknown) => {
      if (!(error instanceof InvalidCursorError)) throw error
      return { page: await read(undefined), first: true }
    },
  )
  return sendPage(
    reply.header('cache-control', NAMES_PEOPLE),
    boardsPage({
      site: request.server.site,
      rules,
      kind: kind ?? 'all',
      kinds: BOARD_KINDS,
      period: page.period,
      places: page.places,
      cursor: page.cursor ?? null,
      first,
      around: middle && presenter.character(middle),
      levels: levelsWith(middle, { ranks, rules }),
      now: iso(clock()),
    }),
  )
}

async function readAll(
  { reader, presenter, actors, ranks }: RouteOptions,
  cursor: string | undefined,
  middle: Character | undefined,
): Promise<Read> {
  const limit = middle === undefined ? MAX_PLACES : NEIGHBOURS
  const page = await reader.board({ cursor, around: middle?.did, limit })
  const rank = middle === undefined ? null : ranks.of(middle.experience)
  // Not on the board: no neighbours, but a rank.
  if (middle !== undefined && page.items.length === 0 && rank !== null) {
    page.items.push({ rank: rank.position, character: middle })
  }
  for (const { character } of page.items) actors.noteLook(character)
  const places = page.items.map((place) => ({
    rank: place.rank,
    character: presenter.character(place.character),
  }))
  return { places, cursor: page.cursor, period: undefined }
}

async function readPeriodOf(
  options: RouteOptions,
  kind: BoardKind,
  name: string | undefined,
  cursor: string | undefined,
  middle: Character | undefined,
): Promise<Read> {
  const limit = middle === undefined ? MAX_PLACES : NEIGHBOURS
  const board = await readPeriodBoard(options, kind, name, { cursor, limit, around: middle?.did })
  const period = readPeriod(kind, board.period) ?? 0
  const age = periodOf(kind, dayOf(secondsOf(options.clock()))) - period
  const { from, to, running } = board
  return {
    places: board.entries,
    cursor: board.cursor ?? undefined,
    period: {
      name: board.period,
      from,
      to,
      running,
      before: age < KEPT_PERIODS[kind] ? periodName({ kind, period: period - 1 }) : undefined,
      after: running ? undefined : periodName({ kind, period: period + 1 }),
    },
  }
}

function textIn(value: unknown): string | undefined {
  return typeof value === 'string' && value.trim() !== '' ? value.trim() : undefined
}
