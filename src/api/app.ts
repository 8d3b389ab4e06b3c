// HTTP over a ledger that somebody else keeps. Everything here only reads; the one thing that it leaves behind is a wish
// in the inbox that a profile be looked up.
import compress from '@fastify/compress'
import etag from '@fastify/etag'
import { type FastifyInstance, type FastifyReply, type FastifyRequest, fastify, LogController } from 'fastify'
import { Actors } from './actors.ts'
import { answerBrokenRequest } from './broken-request.ts'
import { gatherDocs, serveDocs } from './docs.ts'
import { guarded } from './guarded.ts'
import { HeavyReads } from './heavy-reads.ts'
import { answerOtherMethods } from './methods.ts'
import { Presenter } from './present.ts'
import { problemFor, problemOf, type RequestError, sendProblem } from './problem.ts'
import { HEADERS, protect } from './protect.ts'
import { Ranks } from './ranks.ts'
import { refuseCompressedBodies } from './request-bodies.ts'
import { builtInRoutes } from './routes/index.ts'
import { type AppOptions, type RouteOptions, type Routes, typed } from './routes/route.ts'
import { RecentStatus } from './status.ts'
import { refuseUnknownParameters } from './strict-queries.ts'
import { throttled } from './throttled.ts'

export type App = FastifyInstance
/** Long reads that may wait: a page of each ledger that is exported, and of `/v1/events`. */
const MAX_HEAVY_READS = 200
/** For a client to send a whole request. */
const REQUEST_TIMEOUT_MS = 30_000
/** For the headers of it, and how often connections are looked at: one that sends nothing is closed soon after. */
const HEADERS_TIMEOUT_MS = 10_000
const CHECK_CONNECTIONS_MS = 2_000
/** Bytes from which on an answer is compressed: below, the work is not worth it. */
const COMPRESSED_FROM = 1_024

/** Puts the API together; nothing listens yet. */
export async function buildApp(options: AppOptions, routes: readonly Routes[] = builtInRoutes): Promise<App> {
  const { inbox, handles, clock, monotonic, rules, settings, logger, version } = options
  const reader = guarded(
    options.reader,
    throttled((error) => logger.error(error, 'the ledger cannot be read'), monotonic),
  )
  const app = typed(
    fastify({
      loggerInstance: logger.child({}, { level: 'warn' }),
      logController: new LogController({ disableRequestLogging: true }),
      trustProxy: settings.trustProxy.length === 0 ? false : [...settings.trustProxy],
      routerOptions: { maxParamLength: 2_100 },
      // What is logged of a request names it; a logger for each would cost every one of them.
      childLoggerFactory: (log) => log,
      requestTimeout: REQUEST_TIMEOUT_MS,
      http: { headersTimeout: HEADERS_TIMEOUT_MS, connectionsCheckingInterval: CHECK_CONNECTIONS_MS },
      frameworkErrors: answerBadAddress,
      clientErrorHandler: answerBrokenRequest,
      // Types are coerced from the query's text; nothing is dropped and nothing filled in silently.
      ajv: { customOptions: { removeAdditional: false, allErrors: false } },
    }) as unknown as FastifyInstance,
  )
  // Bodies are JSON or nothing.
  app.removeContentTypeParser('text/plain')
  protect(app, { perMinute: settings.rateLimit })
  answerOtherMethods(app)
  refuseCompressedBodies(app)
  refuseUnknownParameters(app)
  answerProblems(app)
  // Tags are weak because an answer is the same however it is compressed; whoever set none of them is asked each time.
  await app.register(etag, { weak: true })
  await app.register(compress, {
    encodings: ['br', 'gzip'],
    threshold: COMPRESSED_FROM,
    // A small body could become a large one.
    globalDecompression: false,
  })
  await gatherDocs(app, { version, publicUrl: settings.publicUrl })
  const ranks = new Ranks({ reader, clock, monotonic, refresh: settings.rankRefresh })
  const parts: RouteOptions = {
    ...options,
    reader,
    status: new RecentStatus({ reader, clock, monotonic }),
    actors: new Actors({ reader, inbox, handles, rules, clock, monotonic }),
    heavy: new HeavyReads(MAX_HEAVY_READS),
    ranks,
    presenter: new Presenter({ rules, ranks }),
  }
  for (const add of routes) {
    await app.register(async (scope) => add(typed(scope), parts))
  }
  await serveDocs(app, { version, publicUrl: settings.publicUrl })
  await app.ready()
  return app
}

function answerProblems(app: FastifyInstance): void {
  app.setNotFoundHandler((request, reply) => {
    const [path = '', query] = request.url.split('?', 2)
    const plain = path.replace(/\/+$/, '')
    // One leading slash: two would name another host.
    if (plain !== path && /^\/[^/\\]/.test(plain)) {
      reply.redirect(query === undefined ? plain : `${plain}?${query}`, 308)
      return
    }
    const detail = `There is nothing at ${path.slice(0, 200)}; /openapi.json lists what there is.`
    sendProblem(reply, problemOf(404, 'NotFound', detail))
  })
  app.setErrorHandler((error: RequestError, request, reply) => {
    // The client has left, which is what ended the work: there is nobody to answer.
    if (reply.raw.destroyed) {
      reply.hijack()
      return
    }
    sendProblem(reply, problemFor(error, request))
  })
}

/** What the router cannot make sense of: it comes here before any hook. */
function answerBadAddress(error: RequestError, _request: FastifyRequest, reply: FastifyReply): void {
  sendProblem(
    reply.headers(HEADERS),
    problemOf(400, 'InvalidRequest', `${error.message.slice(0, 200)}; see /openapi.json.`),
  )
}
