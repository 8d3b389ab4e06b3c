import { Type } from 'typebox'
import { home } from '../../web/home.ts'
import type { Routes } from '../app.ts'
import { problems } from '../responses.ts'
import { isConnected } from '../status.ts'

const MOST_SHOWN = 10

/** Nothing but our own styles; a form that leads back here. */
const POLICY =
  "default-src 'none'; style-src 'unsafe-inline'; img-src https: data:; form-action 'self'; base-uri 'none'; frame-ancestors 'none'"

export const homeRoutes: Routes = (app, { reader, rules, version, settings, actors, status: recent }) => {
  app.get('/', { schema: { hide: true } }, async (_request, reply) => {
    const [heard, board] = await Promise.all([
      recent.get(),
      reader.board({ cursor: undefined, around: undefined, limit: MOST_SHOWN }),
    ])
    for (const { character } of board.items) actors.noteLook(character)
    reply
      .type('text/html; charset=utf-8')
      .headers({ 'content-security-policy': POLICY, 'cache-control': 'public, max-age=5' })
    return home({
      status: heard.status,
      connected: isConnected(heard),
      top: board.items,
      rules,
      contact: settings.contact,
      version,
    })
  })

  app.get(
    '/find',
    {
      schema: {
        summary: 'To the character that a form names',
        querystring: Type.Object({ actor: Type.String({ minLength: 1, maxLength: 2048 }) }),
        response: { 303: Type.Null({ description: 'Location is the character' }), ...problems(400) },
      },
    },
    async (request, reply) => {
      const actor = request.query.actor.trim().replace(/^@/, '')
      return reply.redirect(`/v1/characters/${encodeURIComponent(actor)}`, 303)
    },
  )
}
