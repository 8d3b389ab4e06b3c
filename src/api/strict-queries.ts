import type { FastifyInstance } from 'fastify'

const API = /^\/(v1\/|find|healthz|readyz|metrics)/

/** Parameters that a route does not know are refused rather than ignored: a mistyped one would change nothing silently. */
export function refuseUnknownParameters(app: FastifyInstance): void {
  app.addHook('onRoute', ({ url, schema }) => {
    // Pages are shared with whatever parameters others append.
    if (schema === undefined || !API.test(url)) return
    schema.querystring = {
      type: 'object',
      properties: {},
      ...Object(schema.querystring),
      additionalProperties: false,
    }
  })
}
