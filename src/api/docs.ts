import swagger from '@fastify/swagger'
import scalar from '@scalar/fastify-api-reference'
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify'
import { Problem, ProblemError } from './problem.ts'

export type DocsOptions = { version: string; publicUrl: string | undefined }

/** Begins to gather what routes say of themselves. Before any route is added. */
export async function gatherDocs(app: FastifyInstance, { version, publicUrl }: DocsOptions): Promise<void> {
  await app.register(swagger, {
    openapi: {
      openapi: '3.1.0',
      info: {
        title: 'bsky-rpg',
        version,
        description: 'Characters and levels from what people do on Bluesky.',
      },
      servers: [{ url: publicUrl ?? '/' }],
    },
    refResolver: { buildLocalReference: (schema, _base, _fragment, n) => String(schema.$id ?? `def-${n}`) },
  })
  app.addSchema(Problem)
}

/** The document at /openapi.json, and a page at /docs to read it and try it out, without anything from elsewhere. */
export async function serveDocs(app: FastifyInstance, { publicUrl }: DocsOptions): Promise<void> {
  let document: string | undefined
  app.get('/openapi.json', { schema: { hide: true } }, (_request, reply) => {
    document ??= JSON.stringify(app.swagger())
    reply.header('cache-control', 'public, max-age=60').type('application/json; charset=utf-8').send(document)
  })
  const policy = [
    "default-src 'none'",
    "script-src 'self' 'unsafe-inline'",
    "style-src 'unsafe-inline'",
    "img-src 'self' data: blob:",
    "font-src 'self' data:",
    `connect-src 'self'${publicUrl === undefined ? '' : ` ${new URL(publicUrl).origin}`}`,
    "base-uri 'none'",
    "frame-ancestors 'none'",
  ].join('; ')
  await app.register(scalar, {
    routePrefix: '/docs',
    configuration: {
      url: '/openapi.json',
      pageTitle: 'bsky-rpg API',
      withDefaultFonts: false,
      telemetry: false,
      showDeveloperTools: 'never',
      agent: { disabled: true },
    },
    hooks: {
      onRequest: (request: FastifyRequest, reply: FastifyReply, done: (error?: Error) => void) => {
        reply.headers({ 'content-security-policy': policy, 'cache-control': 'public, max-age=60' })
        // The plug-in makes a URL of it.
        const named = URL.canParse('/', `${request.protocol}://${request.hostname}`)
        done(named ? undefined : new ProblemError(400, 'InvalidRequest', 'The Host header names no host.'))
      },
    },
  })
}
