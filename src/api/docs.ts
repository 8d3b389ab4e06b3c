import swagger from '@fastify/swagger'
import scalar from '@scalar/fastify-api-reference'
import type { FastifyInstance, FastifyReply, FastifyRequest, FastifySchema } from 'fastify'
import { addressOf, DOCS_CSS } from '../web/assets.ts'
import { type Document, describeHeaders } from './document-headers.ts'
import { ACTORS_PATTERN, PATTERNS } from './parameters.ts'
import { Problem, ProblemError } from './problem.ts'
import { NAMED_SCHEMAS } from './schemas.ts'

const TAGS = [
  { name: 'characters', description: 'Levels, ranks and counts of people' },
  { name: 'events', description: 'The ledger: which record earned which XP' },
  { name: 'leaderboards', description: 'Who has the most experience' },
  { name: 'pictures', description: 'Cards and avatars' },
  { name: 'game', description: 'The rules, and totals of the whole game' },
  { name: 'operating', description: 'For the operator' },
] as const

function introduction(url: string): string {
  return `[The pages](/) · [The rules](/rules) · [About](/about)

Anyone may read everything here, and ask for the history of somebody who is not here yet. Try these first:

\`\`\`sh
curl '${url}/v1/characters/alice.example'
curl '${url}/v1/leaderboards/all?limit=10'
curl -N '${url}/v1/stream'
\`\`\`

- **People** are named by DID or handle; \`@alice.example\`, a link to a profile or an at:// URI will do, too.
- **Lists** come in pages: pass \`cursor\` for the next one, until it is null.
- **Errors** are problem details (RFC 9457): \`error\` is a stable name, \`detail\` says what to do.
- **Rate limits** are in \`RateLimit\` and \`RateLimit-Policy\`; a 429 or 503 says in \`Retry-After\` when to try again.
- **Caching**: each answer has an \`ETag\`; send it back in \`If-None-Match\`.`
}

export type DocsOptions = { version: string; publicUrl: string | undefined }

/** Collects the schemas of all routes added after this call. */
export async function gatherDocs(app: FastifyInstance, { version, publicUrl }: DocsOptions): Promise<void> {
  await app.register(swagger, {
    openapi: {
      openapi: '3.1.0',
      info: {
        title: 'bsky-rpg',
        version,
        summary: 'Bluesky as a role-playing game: characters, levels, and the ledger behind them.',
        description: introduction(publicUrl ?? 'http://127.0.0.1:8000'),
        license: { name: 'MIT', identifier: 'MIT' },
      },
      servers: [{ url: publicUrl ?? '/' }],
      tags: [...TAGS],
      // Public, unless an operation says otherwise.
      security: [],
      components: {
        securitySchemes: {
          adminToken: { type: 'http', scheme: 'bearer', description: 'ADMIN_TOKEN, for operators' },
        },
      },
    },
    transformObject: (document) => {
      if (!('openapiObject' in document)) return document.swaggerObject
      describeHeaders(document.openapiObject as Document)
      return document.openapiObject
    },
    transform: ({ schema, url }) => ({ schema: withPatterns(schema, url), url }),
    refResolver: { buildLocalReference: (schema, _base, _fragment, n) => String(schema.$id ?? `def-${n}`) },
  })
  app.addSchema(Problem)
  for (const schema of NAMED_SCHEMAS) app.addSchema(schema)
}

/** `schema` with the patterns of its parameters. */
function withPatterns(schema: FastifySchema, url: string): FastifySchema {
  const copy = structuredClone(schema) as Record<string, { properties?: Record<string, object> }>
  for (const part of [copy.params, copy.querystring]) {
    for (const [name, pattern] of Object.entries(PATTERNS)) {
      const property = part?.properties?.[name]
      if (property !== undefined) Object.assign(property, { pattern })
    }
  }
  const { actors } = copy.querystring?.properties ?? {}
  if (url === '/v1/stream' && actors !== undefined) Object.assign(actors, { pattern: ACTORS_PATTERN })
  return copy
}

/** Serves /openapi.json, and /docs, a page to read and try it, without assets from other hosts. */
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
      customCss: DOCS_CSS,
      favicon: addressOf('mark.svg'),
      withDefaultFonts: false,
      telemetry: false,
      showDeveloperTools: 'never',
      agent: { disabled: true },
    },
    hooks: {
      onRequest: (request: FastifyRequest, reply: FastifyReply, done: (error?: Error) => void) => {
        reply.headers({ 'content-security-policy': policy, 'cache-control': 'public, max-age=60' })
        // The plug-in puts it into a URL, and would answer 500.
        const named = URL.canParse('/', `${request.protocol}://${request.hostname}`)
        done(named ? undefined : new ProblemError(400, 'InvalidRequest', 'The Host header names no host.'))
      },
    },
  })
}
