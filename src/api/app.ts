// HTTP over a ledger that somebody else keeps. Everything here only reads; the one thing that it leaves behind is a wish
// in the inbox that a profile be looked up.
import swagger from '@fastify/swagger'
import type { TypeBoxTypeProvider } from '@fastify/type-provider-typebox'
import scalar from '@scalar/fastify-api-reference'
import { type FastifyInstance, type FastifyReply, type FastifyRequest, fastify, LogController } from 'fastify'
import type { Logger } from 'pino'
import type { Micros, Nsid } from '../atproto/event.ts'
import type { HandleResolver } from '../bluesky/handles.ts'
import type { Rulebook } from '../game/rulebook.ts'
import { type Inbox, InvalidCursorError, type Reader } from '../store/store.ts'
import { Actors } from './actors.ts'
import type { CharacterCache } from './character-cache.ts'
import { Presenter } from './present.ts'
import { PROBLEM_TYPE, Problem, ProblemError, problemOf } from './problem.ts'
import { Ranks } from './ranks.ts'
import { RateLimit } from './rate-limit.ts'
import { characterRoutes } from './routes/characters.ts'
import { eventRoutes } from './routes/events.ts'
import { healthRoutes } from './routes/health.ts'
import { homeRoutes } from './routes/home.ts'
import { leaderboardRoutes } from './routes/leaderboards.ts'
import { metricsRoutes } from './routes/metrics.ts'
import { ruleRoutes } from './routes/rules.ts'
import { statsRoutes } from './routes/stats.ts'
import { streamRoutes } from './routes/stream.ts'

export type AppOptions = {
  reader: Reader
  inbox: Inbox
  rules: Rulebook
  /** Collections that are followed without a rule. */
  tracked: readonly Nsid[]
  handles: HandleResolver
  /** What /metrics answers. */
  metrics: { contentType: string; metrics(): Promise<string> }
  clock: () => Micros
  logger: Logger
  version: string
  cache: CharacterCache
  settings: AppSettings
}

export type AppSettings = {
  /** Where this server is found, for links. */
  publicUrl: string
  contact: string | undefined
  adminToken: string | undefined
  metricsPublic: boolean
  /** Proxies whose X-Forwarded-For counts. */
  trustProxy: readonly string[]
  /** How far behind the ledger may be. */
  readyLag: Micros
  /** How old ranks may be. */
  rankRefresh: Micros
  /** Requests that one address may make in a minute. */
  rateLimit: number
}

/** What routes are made of. */
export type RouteOptions = AppOptions & { actors: Actors; ranks: Ranks; presenter: Presenter }

export type App = FastifyInstance
export type Routes = (app: ReturnType<typeof typed>, options: RouteOptions) => void

/** Headers that every answer has, made once. */
const HEADERS: readonly (readonly [string, string])[] = [
  ['access-control-allow-origin', '*'],
  ['access-control-expose-headers', 'etag, ratelimit, ratelimit-policy, retry-after'],
  ['x-content-type-options', 'nosniff'],
  ['referrer-policy', 'no-referrer'],
  ['cross-origin-resource-policy', 'cross-origin'],
]

/** Answered however often they are asked for: whoever watches the server must not be kept out. */
const UNLIMITED: ReadonlySet<string> = new Set(['/healthz', '/readyz', '/metrics'])

/** Puts the API together; nothing listens yet. */
export async function buildApp(options: AppOptions): Promise<App> {
  const { reader, inbox, handles, clock, rules, settings, logger, version } = options
  const app = typed(
    fastify({
      loggerInstance: logger.child({}, { level: 'warn' }),
      logController: new LogController({ disableRequestLogging: true }),
      trustProxy: settings.trustProxy.length === 0 ? false : [...settings.trustProxy],
      routerOptions: { maxParamLength: 2_100 },
      // What the router cannot make sense of comes here before any hook.
      frameworkErrors: (error, _request, reply) => {
        sendProblem(
          reply,
          problemOf(400, 'InvalidRequest', `${error.message.slice(0, 200)}; see /openapi.json.`),
        )
      },
      // Types are coerced from the query's text; nothing is dropped and nothing filled in silently.
      ajv: { customOptions: { removeAdditional: false, allErrors: false } },
    }) as unknown as FastifyInstance,
  )
  protect(app, new RateLimit(settings.rateLimit))
  answerProblems(app)
  await app.register(swagger, {
    openapi: {
      openapi: '3.1.0',
      info: {
        title: 'bsky-rpg',
        version,
        description: 'Characters and levels from what people do on Bluesky.',
      },
      servers: [{ url: settings.publicUrl }],
    },
  })
  app.addSchema(Problem)
  const ranks = new Ranks({ reader, clock, refresh: settings.rankRefresh })
  const parts: RouteOptions = {
    ...options,
    actors: new Actors({ reader, inbox, handles, clock }),
    ranks,
    presenter: new Presenter({ rules, ranks }),
  }
  const all = [
    homeRoutes,
    characterRoutes,
    eventRoutes,
    leaderboardRoutes,
    ruleRoutes,
    statsRoutes,
    streamRoutes,
    healthRoutes,
    metricsRoutes,
  ]
  for (const routes of all) {
    await app.register(async (scope) => routes(typed(scope), parts))
  }
  app.get('/openapi.json', { schema: { hide: true } }, () => app.swagger())
  await app.register(scalar, {
    routePrefix: '/docs',
    configuration: { url: '/openapi.json', withDefaultFonts: false },
  })
  await app.ready()
  return app
}

function typed(app: FastifyInstance) {
  return app.withTypeProvider<TypeBoxTypeProvider>()
}

/** What every request passes: constant headers, the rate limit, CORS. One hook, because each costs. */
function protect(app: FastifyInstance, limit: RateLimit): void {
  const policy = `"default";q=${limit.limit};w=60`
  app.addHook('onRequest', (request, reply, done) => {
    const { raw } = reply
    for (const [name, value] of HEADERS) raw.setHeader(name, value)
    if (request.method === 'OPTIONS') {
      reply
        .code(204)
        .headers({
          'access-control-allow-methods': 'GET, HEAD',
          'access-control-allow-headers': 'if-none-match, last-event-id, authorization',
          'access-control-max-age': '86400',
        })
        .send()
      return
    }
    if (UNLIMITED.has(request.url)) {
      done()
      return
    }
    const { allowed, remaining, resetSeconds } = limit.take(request.ip)
    raw.setHeader('ratelimit-policy', policy)
    raw.setHeader('ratelimit', `"default";r=${remaining};t=${resetSeconds}`)
    if (allowed) {
      done()
      return
    }
    raw.setHeader('retry-after', String(resetSeconds))
    const detail = `At most ${limit.limit} requests a minute; the next is answered in ${resetSeconds} s.`
    sendProblem(reply, problemOf(429, 'RateLimitExceeded', detail))
  })
}

function answerProblems(app: FastifyInstance): void {
  app.setNotFoundHandler((request, reply) => {
    const path = request.url.split('?')[0] ?? ''
    if (request.method !== 'GET' && request.method !== 'HEAD') {
      reply.header('allow', 'GET, HEAD, OPTIONS')
      return sendProblem(
        reply,
        problemOf(405, 'MethodNotAllowed', 'Everything here is only read: GET and HEAD.'),
      )
    }
    const detail = `There is nothing at ${path.slice(0, 200)}; /openapi.json lists what there is.`
    return sendProblem(reply, problemOf(404, 'NotFound', detail))
  })
  app.setErrorHandler((error: Error & { statusCode?: number; validation?: unknown }, request, reply) => {
    sendProblem(reply, problemFor(error, request))
  })
}

function problemFor(
  error: Error & { statusCode?: number; validation?: unknown },
  request: FastifyRequest,
): Problem {
  if (error instanceof ProblemError) return problemOf(error.status, error.error, error.message)
  if (error instanceof InvalidCursorError) {
    return problemOf(400, 'InvalidCursor', `${error.message}; begin without one.`)
  }
  if (error.validation !== undefined)
    return problemOf(400, 'InvalidRequest', `${error.message}; see /openapi.json.`)
  if (error.statusCode !== undefined && error.statusCode >= 400 && error.statusCode < 500) {
    return problemOf(error.statusCode, 'InvalidRequest', error.message)
  }
  request.log.error(error, 'a request failed')
  return problemOf(500, 'InternalError', 'Something is wrong on our side; it has been logged.')
}

function sendProblem(reply: FastifyReply, problem: Problem): void {
  reply
    .code(problem.status)
    .header('cache-control', 'no-store')
    .type(PROBLEM_TYPE)
    .send(JSON.stringify(problem))
}
