import { iso } from '../../game/time.ts'
import { home } from '../../web/home.ts'
import { sendPage } from '../pages.ts'
import { NAMES_PEOPLE } from '../responses.ts'
import { isConnected } from '../status.ts'
import type { Routes } from './route.ts'

const MAX_SHOWN = 8

/** The first page. */
export const homeRoutes: Routes = (app, options) => {
  const { reader, rules, actors, presenter, ranks, clock, levelUps, status: recent } = options
  app.get('/', { schema: { hide: true } }, async (_request, reply) => {
    await ranks.ready()
    const [heard, board, latest] = await Promise.all([
      recent.get(),
      reader.board({ cursor: undefined, around: undefined, limit: MAX_SHOWN }),
      levelUps.latest(),
    ])
    for (const { character } of board.items) actors.noteLook(character)
    const { characters, experience, heartbeat } = heard.status
    return sendPage(
      reply.header('cache-control', NAMES_PEOPLE),
      home({
        site: app.site,
        rules,
        totals: {
          characters,
          experience,
          lagSeconds: heartbeat === undefined ? null : Math.round(heartbeat.lag / 1_000_000),
          connected: isConnected(heard),
        },
        today: undefined,
        top: board.items.map(({ rank, character }) => ({ rank, character: presenter.character(character) })),
        levelUps: latest,
        now: iso(clock()),
      }),
    )
  })
}
