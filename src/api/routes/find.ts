import { Type } from 'typebox'
import { readActorName } from '../../atproto/actor-name.ts'
import { sheetPath } from '../../web/person.ts'
import { notAName } from '../actors.ts'
import { problems } from '../responses.ts'
import type { Routes } from './route.ts'

/** Where the look-up forms lead. */
export const findRoutes: Routes = (app) => {
  app.get(
    '/find',
    {
      schema: {
        operationId: 'findByForm',
        tags: ['characters'],
        summary: 'Go to a character',
        description:
          'The form on the pages: redirects to the page of the character. Takes a DID, a handle, or a link to a profile.',
        querystring: Type.Object({ actor: Type.String({ maxLength: 1_200, examples: ['@alice.example'] }) }),
        response: {
          303: Type.Null({ description: 'Location is the address of the page' }),
          ...problems(400),
        },
      },
    },
    async (request, reply) => {
      const { actor } = request.query
      const name = readActorName(actor)
      if (name === undefined) throw notAName(actor)
      return reply.redirect(sheetPath(name), 303)
    },
  )
}
