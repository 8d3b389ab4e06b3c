import type { FastifyInstance } from 'fastify'

const API = /^\/(v1\/|find|healthz|readyz|metrics)/

/** Refuses unknown query parameters: a misspelled one would otherwise be ignored silently. */
export function refuseUnknownParameters(app: FastifyInstance): void {
  app.addHook('onRoute', ({ url, schema }) => {
    // Pages accept any: sites that link to them append their own.
    if (schema === undefined || !API.test(url)) return
    schema.querystring = {
      type: 'object',
      properties: {},
      ...Object(schema.querystring),
      additionalProperties: false,
    }
  })
}
