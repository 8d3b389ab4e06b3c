import type { FastifyInstance } from 'fastify'
import type { Logger } from 'pino'
import type { Registry } from 'prom-client'
import { ApiMetrics } from '../api/api-metrics.ts'
import { buildApp } from '../api/app.ts'
import type { CharacterCache } from '../api/character-cache.ts'
import { CurrentRules } from '../api/current-rules.ts'
import type { ImportNews } from '../api/import-news.ts'
import { APPVIEW_SHARES } from '../bluesky/appview.ts'
import { handleResolver, noHandles } from '../bluesky/handles.ts'
import { Pace } from '../bluesky/pace.ts'
import { noPeopleSearch, peopleSearch } from '../bluesky/people-search.ts'
import type { Config } from '../config.ts'
import type { Preparation } from '../store/driver.ts'
import { followRules } from './follow-rules.ts'
import { appviewOf, clock, gameOf, monotonic, storeOf } from './from-config.ts'
import { listening } from './listening.ts'
import { metricsPort } from './metrics-port.ts'
import { picturesJob } from './pictures-job.ts'
import { processMetrics } from './process-metrics.ts'
import { signInOf } from './sign-in-of.ts'
import { version } from './version.ts'

export type ApiJobOptions = {
  config: Config
  log: Logger
  cache: CharacterCache
  importNews: ImportNews
  /** What may be done to the ledger before it is served. */
  preparation: Preparation
  /** Why ingest in this process has ended; `undefined` if it has not. */
  ingestFailure: () => string | undefined
  /** See `AppOptions.ingestRetries`. */
  ingestRetries: () => number | undefined
  /** All metrics of this process: the API's own and those of the ingest thread. */
  metrics: (own: Registry) => Promise<string>
  signal: AbortSignal
}

export type ApiJob = {
  url: string
  /** Tell it of characters that have changed. */
  changed: (dids: readonly string[]) => void
  /** Resolves when everything is closed. */
  ended: Promise<void>
}

/** Serves the ledger until `signal` aborts. Resolves once it listens. */
export async function apiJob(options: ApiJobOptions): Promise<ApiJob> {
  const { config, log, cache, importNews, preparation, ingestFailure, ingestRetries, metrics, signal } =
    options
  await using opened = new AsyncDisposableStack()
  const store = opened.use(await storeOf(config, preparation, { log, ending: signal }))
  const registry = processMetrics()
  const own = { contentType: registry.contentType, metrics: () => metrics(registry) }
  const rules = new CurrentRules(gameOf(config).rules)
  opened.use(await followRules({ ledgerRules: store.rules, rules, cache, log }))
  const { pictures } = opened.use(await picturesJob({ config, reader: store.reader, log }))
  const handles =
    config.APPVIEW_URL === 'none'
      ? noHandles
      : handleResolver({ appview: appviewOf(config, new Pace(APPVIEW_SHARES.lookUps)), signal })
  const app: FastifyInstance = await buildApp({
    reader: store.reader,
    inbox: store.inbox,
    rules,
    tracked: config.TRACK ?? [],
    handles,
    signIn: signInOf(config, { handles, sessions: store.sessions }),
    sessions: store.sessions,
    search:
      config.APPVIEW_URL === 'none'
        ? noPeopleSearch
        : peopleSearch({ appview: appviewOf(config, new Pace(APPVIEW_SHARES.suggestions)), signal }),
    metrics: own,
    apiMetrics: new ApiMetrics(registry),
    clock,
    monotonic,
    logger: log,
    version: version(),
    cache,
    importNews,
    pictures,
    ingestFailure,
    ingestRetries,
    settings: {
      publicUrl: config.PUBLIC_URL,
      contact: config.CONTACT,
      adminToken: config.ADMIN_TOKEN,
      metricsPublic: config.METRICS_PUBLIC,
      metricsPort: config.METRICS_PORT,
      trustProxy: config.TRUST_PROXY ?? [],
      readyLag: config.READY_LAG,
      boards: config.BOARDS,
      imports: config.DIDS === undefined,
      rankRefresh: config.RANK_REFRESH,
      rateLimit: config.RATE_LIMIT,
    },
  })
  opened.defer(() => app.close())
  const { HOST: host, PORT: port } = config
  const url = await listening({ host, port, settings: 'HOST and PORT' }, () => app.listen({ host, port }))
  opened.use(await metricsPort(config, own, log))
  const stack = opened.move()
  const ended = new Promise<void>((resolve) => {
    if (signal.aborted) resolve()
    else signal.addEventListener('abort', () => resolve(), { once: true })
  }).then(() => stack.disposeAsync())
  return { url, changed: (dids) => pictures.upkeep.changed(dids), ended }
}
