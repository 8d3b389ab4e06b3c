import { type Did, isNsid, type Nsid } from '@atcute/lexicons/syntax'
import type { FastifyReply, FastifyRequest } from 'fastify'
import { readActorName } from '../../atproto/actor-name.ts'
import { iso } from '../../game/time.ts'
import { InvalidCursorError } from '../../store/store.ts'
import { newcomerPage } from '../../web/newcomer-page.ts'
import { sheetAddress } from '../../web/person.ts'
import { sheet } from '../../web/sheet/sheet.ts'
import { baseAddress } from '../base-address.ts'
import { earnedBefore } from '../earned-before.ts'
import { readInsights } from '../insights.ts'
import { sendPage } from '../pages.ts'
import { ProblemError, unknownActor } from '../problem.ts'
import { clientOf } from '../protect.ts'
import { namesPeopleAndUs } from '../responses.ts'
import type { RouteOptions, Routes } from './route.ts'

/** Entries of the ledger on one page. */
const MAX_ENTRIES = 40

type SheetRequest = FastifyRequest<{ Params: { actor: string }; Querystring: Record<string, unknown> }>

/** `/@{handle}`: a character sheet. */
export const sheetRoutes: Routes = (app, options) => {
  const { rules, settings } = options
  app.get<{ Params: { actor: string }; Querystring: Record<string, unknown> }>(
    '/@:actor',
    { schema: { hide: true } },
    async (request, reply) => {
      try {
        return await answer(request, reply, options)
      } catch (error) {
        const name = readActorName(request.params.actor)
        if (!(error instanceof ProblemError) || error.error !== 'UnknownCharacter' || name === undefined)
          throw error
        return sendPage(
          reply.code(404).header('cache-control', 'no-store'),
          newcomerPage({ site: app.site, rules, name, imports: settings.imports }),
        )
      }
    },
  )
}

async function answer(request: SheetRequest, reply: FastifyReply, options: RouteOptions): Promise<unknown> {
  const { actors, presenter, ranks, rules, clock, settings } = options
  const did = await actors.didOf(request.params.actor, clientOf(request, reply))
  await ranks.ready()
  const found = await actors.character(did)
  const character = presenter.character(found)
  const address = sheetAddress(character)
  const [path = '', query] = request.url.split('?', 2)
  if (path !== address) {
    // Handles move from one person to another: the redirect must not be kept.
    return reply
      .header('cache-control', 'no-cache')
      .redirect(query === undefined ? address : `${address}?${query}`, 302)
  }
  const type = collectionIn(request.query.type)
  const at = typeof request.query.cursor === 'string' ? request.query.cursor : undefined
  const page = await pageOf(did, { type, cursor: at }, options)
  return sendPage(
    reply.header('cache-control', namesPeopleAndUs(settings.publicUrl)),
    sheet({
      site: request.server.site,
      rules,
      character,
      insights: await readInsights(found, options),
      events: {
        items: page.items.map((event) => presenter.event(event)),
        cursor: page.cursor ?? null,
        at: page.at,
        type,
        earned: await earnedBefore(options.reader, did, page, type),
      },
      offersImport: settings.imports && (await options.reader.importStatus(did))?.head === undefined,
      now: iso(clock()),
      base: baseAddress(request, settings.publicUrl),
    }),
  )
}

/** A cursor that is none (cut short in a mail, or of a ledger that was restored) shows the first page. */
async function pageOf(
  did: Did,
  { type, cursor }: { type: Nsid | undefined; cursor: string | undefined },
  { reader, rules }: RouteOptions,
) {
  const read = async (at: string | undefined) => {
    const page = await reader.events(did, { type, cursor: at, limit: MAX_ENTRIES })
    if (page === undefined) throw unknownActor(rules)
    return { ...page, at }
  }
  try {
    return await read(cursor)
  } catch (error) {
    if (error instanceof InvalidCursorError) return read(undefined)
    throw error
  }
}

function collectionIn(type: unknown): Nsid | undefined {
  return isNsid(type) ? type : undefined
}
