// The HTTP API over a ledger that ingest writes. The API only reads, except that it may ask ingest, through the inbox, to
// look up a profile, or to import a history.
import compress from '@fastify/compress'
import etag from '@fastify/etag'
import { type FastifyInstance, type FastifyReply, type FastifyRequest, fastify, LogController } from 'fastify'
import { throttle } from '../throttle.ts'
import { Actors } from './actors.ts'
import type { ApiMetrics } from './api-metrics.ts'
import { answerBrokenRequest, noteAnswers } from './broken-request.ts'
import { CurrentRules } from './current-rules.ts'
import { gatherDocs, serveDocs } from './docs.ts'
import { guarded, guardedSessions } from './guarded.ts'
import { HeavyReads } from './heavy-reads.ts'
import { Imports } from './imports.ts'
import { KnownNames } from './known-names.ts'
import { lazyCompilers } from './lazy-schemas.ts'
import { LevelUps } from './level-ups.ts'
import { countRefusal, countRequests, measured } from './measured.ts'
import { collectMethods } from './methods.ts'
import { Presenter } from './present.ts'
import { BusyError, ProblemError, problemFor, problemOf, type RequestError, sendProblem } from './problem.ts'
import { HEADERS, protect } from './protect.ts'
import { Ranks } from './ranks.ts'
import { refuseCompressedBodies } from './request-bodies.ts'
import { builtInRoutes } from './routes/index.ts'
import { type AppOptions, type RouteOptions, type Routes, typed } from './routes/route.ts'
import { RecentStatus } from './status.ts'
import { refuseUnknownParameters } from './strict-queries.ts'

export type App = FastifyInstance
/** Long reads (pages of exports and of `/v1/events`) that may wait for their turn. */
const MAX_HEAVY_READS = 200
/** Time limits for a client to send a whole request and its headers. A connection is closed at the first check after them. */
export type ConnectionLimits = { requestMs: number; headersMs: number; checkEveryMs: number }
const CONNECTION_LIMITS: ConnectionLimits = { requestMs: 30_000, headersMs: 10_000, checkEveryMs: 2_000 }
/** Smaller answers are not worth compressing. */
const COMPRESS_FROM_BYTES = 1_024

/** Assembles the API; it does not listen yet. */
export async function buildApp(
  options: AppOptions,
  routes: readonly Routes[] = builtInRoutes,
  { requestMs, headersMs, checkEveryMs }: ConnectionLimits = CONNECTION_LIMITS,
): Promise<App> {
  const { inbox, handles, clock, monotonic, settings, logger, version } = options
  const rules = options.rules instanceof CurrentRules ? options.rules : new CurrentRules(options.rules)
  const unreadable = throttle(monotonic)
  const reader = guarded(measured(options.reader, options.apiMetrics), (error) =>
    unreadable((count) => logger.error({ err: error, count }, 'the ledger cannot be read')),
  )
  const unusable = throttle(monotonic)
  const sessions = guardedSessions(options.sessions, (error) =>
    unusable((count) => logger.error({ err: error, count }, 'the sessions cannot be used')),
  )
  const app = typed(
    fastify({
      loggerInstance: childless(logger.child({}, { level: 'warn' })),
      logController: new LogController({ disableRequestLogging: true }),
      trustProxy: settings.trustProxy.length === 0 ? false : [...settings.trustProxy],
      routerOptions: { maxParamLength: 2_100 },
      requestTimeout: requestMs,
      http: { headersTimeout: headersMs, connectionsCheckingInterval: checkEveryMs },
      frameworkErrors: answerBadAddress,
      clientErrorHandler: answerBrokenRequest,
      // Query text is coerced to the schema's types, but nothing is dropped silently.
      ajv: { customOptions: { removeAdditional: false, allErrors: false } },
      schemaController: { compilersFactory: lazyCompilers() },
    }) as unknown as FastifyInstance,
  )
  noteAnswers(app.server)
  app.decorate('site', {
    contact: settings.contact,
    version,
    publicUrl: settings.publicUrl,
    boards: settings.boards === 'on',
  })
  // Only JSON bodies are accepted.
  app.removeContentTypeParser('text/plain')
  protect(app, { perMinute: settings.rateLimit })
  countRequests(app, options.apiMetrics)
  const answerOthers = collectMethods(app)
  refuseCompressedBodies(app)
  refuseUnknownParameters(app)
  answerProblems(app, options.apiMetrics)
  // Weak tags: an answer has the same tag however it is compressed.
  await app.register(etag, { weak: true })
  await app.register(compress, {
    encodings: ['br', 'gzip'],
    threshold: COMPRESS_FROM_BYTES,
    // A small compressed body could inflate to a huge one.
    globalDecompression: false,
  })
  await gatherDocs(app, { version, publicUrl: settings.publicUrl })
  const ranks = new Ranks({ reader, clock, monotonic, refresh: settings.rankRefresh })
  if (settings.boards === 'on') {
    options.apiMetrics.watchLevels(async () => {
      await ranks.ready()
      return ranks.levels()?.bands
    })
  }
  const presenter = new Presenter({ rules, ranks })
  const names = new KnownNames()
  const status = new RecentStatus({ reader, clock, monotonic })
  const unheard = throttle(monotonic)
  const parts: RouteOptions = {
    ...options,
    rules,
    reader,
    sessions,
    status,
    imports: new Imports({
      ...{ reader, inbox, status, news: options.importNews, clock, monotonic },
      failed: (error) =>
        unheard((count) => logger.error({ err: error, count }, 'a wish about an import could not be left')),
    }),
    actors: new Actors({ reader, inbox, handles, rules, names, clock, monotonic }),
    names,
    heavy: new HeavyReads(MAX_HEAVY_READS),
    ranks,
    presenter,
    levelUps: new LevelUps({ reader, presenter, monotonic }),
  }
  for (const add of routes) {
    await app.register(async (scope) => add(typed(scope), parts))
  }
  await serveDocs(app, { version, publicUrl: settings.publicUrl })
  answerOthers()
  await app.ready()
  return app
}

function answerProblems(app: FastifyInstance, metrics: ApiMetrics): void {
  app.setNotFoundHandler((request, reply) => {
    const [path = '', query] = request.url.split('?', 2)
    const plain = path.replace(/\/+$/, '')
    // Only with one leading slash: a redirect to // would lead to another host.
    if (plain !== path && /^\/[^/\\]/.test(plain)) {
      reply.redirect(query === undefined ? plain : `${plain}?${query}`, 308)
      return
    }
    const detail = `There is nothing at ${path.slice(0, 200)}; see /openapi.json for all paths.`
    sendProblem(reply, problemOf(404, 'NotFound', detail))
  })
  app.setErrorHandler((error: RequestError, request, reply) => {
    // The client has disconnected, which aborted the work: nobody is left to answer.
    if (reply.raw.destroyed) {
      reply.hijack()
      return
    }
    if (error instanceof ProblemError && error.retrySeconds !== undefined) {
      reply.header('retry-after', String(error.retrySeconds))
    }
    if (error instanceof BusyError) countRefusal(reply, metrics)
    sendProblem(reply, problemFor(error, request))
  })
}

/** Answers a URL that the router cannot parse. No hook has run, so the common headers are added here. */
function answerBadAddress(error: RequestError, _request: FastifyRequest, reply: FastifyReply): void {
  sendProblem(
    reply.headers(HEADERS),
    problemOf(400, 'InvalidRequest', `${error.message.slice(0, 200)}; see /openapi.json.`),
  )
}

/**
 * A logger that is its own child. The framework makes one for each request, but log lines name their request themselves; a
 * factory of our own would be checked each time, which costs more than the child.
 */
function childless<Parent extends { child: unknown }>(logger: Parent): Parent {
  return Object.assign(logger, { child: () => logger })
}
