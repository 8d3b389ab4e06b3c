import { iso } from '../../game/time.ts'
import type { StoreStatus } from '../../store/status.ts'
import { home } from '../../web/home.ts'
import { sendPage } from '../pages.ts'
import { readPeriodBoard } from '../period-boards.ts'
import { NAMES_PEOPLE } from '../responses.ts'
import { isConnected, lagSecondsOf } from '../status.ts'
import { mediaToday } from '../today.ts'
import type { RouteOptions, Routes } from './route.ts'

const MAX_SHOWN = 10

/** The first page. */
export const homeRoutes: Routes = (app, options) => {
  const { rules, ranks, clock, levelUps, settings, status: recent } = options
  app.get('/', { schema: { hide: true } }, async (_request, reply) => {
    await ranks.ready()
    const [heard, top, latest] = await Promise.all([
      recent.get(),
      settings.boards === 'on' ? topOf(options) : undefined,
      levelUps.latest(),
    ])
    const { characters, experience } = heard.status
    return sendPage(
      reply.header('cache-control', NAMES_PEOPLE),
      home({
        site: app.site,
        rules,
        totals: {
          characters,
          experience,
          lagSeconds: lagSecondsOf(heard.status),
          connected: isConnected(heard),
        },
        reconciliation: underWay(heard.status),
        today: mediaToday(heard.status, clock()),
        top,
        levelUps: latest,
        now: iso(clock()),
      }),
    )
  })
}

function underWay({ reconciliation }: StoreStatus) {
  if (reconciliation === undefined || reconciliation.endedAt !== undefined) return undefined
  const { since, checked, people } = reconciliation
  return { since: iso(since), checked, people }
}

/** The board of this week, or of all time while nobody has earned anything this week. */
async function topOf(options: RouteOptions) {
  const { reader, presenter, actors } = options
  const page = { cursor: undefined, around: undefined, limit: MAX_SHOWN }
  const { entries } = await readPeriodBoard(options, 'week', undefined, page)
  if (entries.length > 0) return { kind: 'week' as const, places: entries }
  const { items } = await reader.board(page)
  for (const { character } of items) actors.noteLook(character)
  const places = items.map(({ rank, character }) => ({ rank, character: presenter.character(character) }))
  return { kind: 'all' as const, places }
}
