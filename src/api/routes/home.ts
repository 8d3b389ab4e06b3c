import { Type } from 'typebox'
import { readActorName } from '../../atproto/actor-name.ts'
import { home } from '../../web/home.ts'
import { notAName } from '../actors.ts'
import { PAGE_POLICY } from '../problem.ts'
import { problems } from '../responses.ts'
import { isConnected } from '../status.ts'
import type { Routes } from './route.ts'

const MAX_SHOWN = 10

export const homeRoutes: Routes = (app, { reader, rules, version, settings, actors, status: recent }) => {
  app.get('/', { schema: { hide: true } }, async (_request, reply) => {
    const [heard, board] = await Promise.all([
      recent.get(),
      reader.board({ cursor: undefined, around: undefined, limit: MAX_SHOWN }),
    ])
    for (const { character } of board.items) actors.noteLook(character)
    reply
      .type('text/html; charset=utf-8')
      .headers({ 'content-security-policy': PAGE_POLICY, 'cache-control': 'public, max-age=5' })
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
        operationId: 'findByForm',
        tags: ['characters'],
        summary: 'Go to a character',
        description:
          'The form on the first page: redirects to the character. Takes a DID, a handle, or a link to a profile.',
        querystring: Type.Object({ actor: Type.String({ maxLength: 1_200, examples: ['@alice.example'] }) }),
        response: {
          303: Type.Null({ description: 'Location is the address of the character' }),
          ...problems(400),
        },
      },
    },
    async (request, reply) => {
      const { actor } = request.query
      const name = readActorName(actor)
      if (name === undefined) throw notAName(actor)
      return reply.redirect(`/v1/characters/${encodeURIComponent(name)}`, 303)
    },
  )
}
