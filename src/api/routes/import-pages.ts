import type { FastifyReply, FastifyRequest } from 'fastify'
import { readActorName } from '../../atproto/actor-name.ts'
import { importAddress } from '../../web/import-form.ts'
import { importPage } from '../../web/import-page.ts'
import { sheetAddress, sheetPath } from '../../web/person.ts'
import { notAName } from '../actors.ts'
import { baseAddress } from '../base-address.ts'
import { importOf } from '../import-answer.ts'
import { assertOwnPage, takeForms } from '../own-forms.ts'
import { sendPage } from '../pages.ts'
import { addressOf, clientOf } from '../protect.ts'
import type { Routes } from './route.ts'

type OfActor = { Params: { actor: string } }

/** The page that says how far an import is, and the forms that ask for one and take it back. */
export const importPageRoutes: Routes = (app, { actors, imports, reader, settings }) => {
  takeForms(app)
  const nameIn = ({ params }: FastifyRequest<OfActor>): string => {
    const name = readActorName(params.actor)
    if (name === undefined) throw notAName(params.actor)
    return name
  }
  const whoSends = (request: FastifyRequest<OfActor>) => {
    assertOwnPage(request, baseAddress(request, settings.publicUrl))
    return { address: addressOf(request), isOperator: false }
  }
  const toPage = (reply: FastifyReply, name: string): FastifyReply =>
    reply.header('cache-control', 'no-store').redirect(importAddress(name), 303)

  app.get<OfActor>('/@:actor/import', { schema: { hide: true } }, async (request, reply) => {
    const name = nameIn(request)
    const did = await actors.didOf(name, clientOf(request, reply))
    reply.header('cache-control', 'no-store')
    const state = await imports.state(did)
    if (state === undefined) return reply.redirect(sheetPath(name), 303)
    if (state.state === 'done') {
      const character = await reader.character(did)
      if (character !== undefined) {
        return reply.redirect(sheetAddress({ did, handle: character.profile?.handle ?? null }), 303)
      }
    }
    return sendPage(reply, importPage({ site: app.site, name, shown: importOf(did, state) }))
  })

  app.post<OfActor>('/@:actor/import', { schema: { hide: true } }, async (request, reply) => {
    const client = whoSends(request)
    const name = nameIn(request)
    await imports.ask(await actors.didOf(name, clientOf(request, reply)), client)
    return toPage(reply, name)
  })

  app.post<OfActor>('/@:actor/import/cancel', { schema: { hide: true } }, async (request, reply) => {
    const client = whoSends(request)
    const name = nameIn(request)
    await imports.cancel(await actors.didOf(name, clientOf(request, reply)), client)
    return toPage(reply, name)
  })
}
