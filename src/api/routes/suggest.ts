import { type Static, Type } from 'typebox'
import { NAMES_PEOPLE, problems } from '../responses.ts'
import { SuggestionList } from '../schemas.ts'
import { MAX_SUGGESTIONS, type Suggestion, Suggestions } from '../suggestions.ts'
import type { RouteOptions, Routes } from './route.ts'

export const suggestRoutes: Routes = (app, options) => {
  const suggestions = new Suggestions(options)
  app.get(
    '/v1/suggest',
    {
      schema: {
        operationId: 'getSuggestions',
        tags: ['characters'],
        summary: 'Find people by how their names begin',
        description: `For look-up forms: up to ${MAX_SUGGESTIONS} people, those who are characters here first. Of those, only people are found whom this server has shown lately; a whole handle is always found.`,
        querystring: Type.Object({
          q: Type.String({
            minLength: 1,
            maxLength: 64,
            description: 'what has been typed so far',
            examples: ['ali'],
          }),
        }),
        response: { 200: SuggestionList, ...problems(400, 503) },
      },
    },
    async (request, reply) => {
      // As people type it: with an @, in any case.
      const text = request.query.q.trim().replace(/^@/, '').toLowerCase()
      const found = text === '' ? [] : await suggestions.for(text)
      reply.header('cache-control', NAMES_PEOPLE)
      return { items: found.map((suggestion) => present(suggestion, options)), cursor: null }
    },
  )
}

function present(
  suggestion: Suggestion,
  { presenter }: Pick<RouteOptions, 'presenter'>,
): Static<typeof SuggestionList>['items'][number] {
  if (suggestion.character === undefined) {
    const { did, handle, displayName } = suggestion
    return { did, handle: handle ?? null, displayName: displayName ?? null, level: null, title: null }
  }
  const { did, handle, displayName, leveling, title } = presenter.character(suggestion.character)
  return { did, handle, displayName, level: leveling.level, title }
}
