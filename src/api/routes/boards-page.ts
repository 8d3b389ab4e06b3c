import { InvalidCursorError } from '../../store/store.ts'
import { boardsPage } from '../../web/boards-page.ts'
import { sendPage } from '../pages.ts'
import { NAMES_PEOPLE } from '../responses.ts'
import type { Routes } from './route.ts'

const MAX_PLACES = 50

/** `/boards` */
export const boardPageRoutes: Routes = (app, { reader, presenter, ranks, rules, actors }) => {
  app.get<{ Querystring: Record<string, unknown> }>(
    '/boards',
    { schema: { hide: true } },
    async (request, reply) => {
      await ranks.ready()
      const cursor = typeof request.query.cursor === 'string' ? request.query.cursor : undefined
      const read = (at: string | undefined) =>
        reader.board({ cursor: at, around: undefined, limit: MAX_PLACES })
      const page = await read(cursor).catch((error: unknown) => {
        if (error instanceof InvalidCursorError) return read(undefined)
        throw error
      })
      for (const { character } of page.items) actors.noteLook(character)
      return sendPage(
        reply.header('cache-control', NAMES_PEOPLE),
        boardsPage({
          site: app.site,
          rules,
          places: page.items.map(({ rank, character }) => ({
            rank,
            character: presenter.character(character),
          })),
          cursor: page.cursor ?? null,
          first: page.items[0]?.rank === 1 || cursor === undefined,
          around: undefined,
        }),
      )
    },
  )
}
