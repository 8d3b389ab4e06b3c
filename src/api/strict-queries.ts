import type { FastifyInstance } from 'fastify'

/** Parameters that a route does not know are refused rather than ignored: a mistyped one would change nothing silently. */
export function refuseUnknownParameters(app: FastifyInstance): void {
  app.addHook('onRoute', ({ url, schema }) => {
    // Pages are shared with whatever parameters others append.
    if (schema === undefined || !/^\/(v1\/|find)/.test(url)) return
    schema.querystring = {
      type: 'object',
      properties: {},
      ...Object(schema.querystring),
      additionalProperties: false,
    }
  })
}
