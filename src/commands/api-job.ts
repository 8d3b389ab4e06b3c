import { readFileSync } from 'node:fs'
import type { FastifyInstance } from 'fastify'
import type { Logger } from 'pino'
import { collectDefaultMetrics, Registry } from 'prom-client'
import { buildApp } from '../api/app.ts'
import type { CharacterCache } from '../api/character-cache.ts'
import { APPVIEW_SHARES, openAppView } from '../bluesky/appview.ts'
import { handleResolver } from '../bluesky/handles.ts'
import { Pace } from '../bluesky/pace.ts'
import type { Config } from '../config.ts'
import type { Preparation } from '../store/sqlite/prepare.ts'
import { CommandError } from './command.ts'
import { clock, gameOf, monotonic, storeOf } from './parts.ts'

export type ApiJobOptions = {
  config: Config
  log: Logger
  cache: CharacterCache
  /** What may be done to the ledger's file before it is served. */
  preparation: Preparation
  /** Why ingest in this process has ended, where it has. */
  ingestFailure: () => string | undefined
  /** All metrics of this process, given the API's own. */
  metrics: (own: Registry) => Promise<string>
  signal: AbortSignal
}

/** Serves the ledger until `signal` aborts. Resolves once it listens, with where, and with what resolves when all is over. */
export async function apiJob(options: ApiJobOptions): Promise<{ url: string; ended: Promise<void> }> {
  const { config, log, cache, preparation, ingestFailure, metrics, signal } = options
  const store = await storeOf(config, preparation)
  const registry = new Registry()
  collectDefaultMetrics({ register: registry })
  const { rules } = gameOf(config)
  const app: FastifyInstance = await buildApp({
    reader: store.reader,
    inbox: store.inbox,
    rules,
    tracked: config.TRACK ?? [],
    handles: handleResolver({
      appview: openAppView({ url: config.APPVIEW_URL, clock, pace: new Pace(APPVIEW_SHARES.lookUps) }),
      signal,
    }),
    metrics: { contentType: registry.contentType, metrics: () => metrics(registry) },
    clock,
    monotonic,
    logger: log,
    version: version(),
    cache,
    ingestFailure,
    settings: {
      publicUrl: config.PUBLIC_URL,
      contact: config.CONTACT,
      adminToken: config.ADMIN_TOKEN,
      metricsPublic: config.METRICS_PUBLIC,
      trustProxy: config.TRUST_PROXY ?? [],
      readyLag: config.READY_LAG,
      rankRefresh: config.RANK_REFRESH,
      rateLimit: config.RATE_LIMIT,
    },
  })
  const url = await listen(app, config).catch(async (error: unknown) => {
    await app.close()
    await store[Symbol.asyncDispose]()
    throw error
  })
  const ended = new Promise<void>((resolve) => {
    if (signal.aborted) resolve()
    else signal.addEventListener('abort', () => resolve(), { once: true })
  }).then(async () => {
    await app.close()
    await store[Symbol.asyncDispose]()
  })
  return { url, ended }
}

async function listen(app: FastifyInstance, { HOST: host, PORT: port }: Config): Promise<string> {
  try {
    return await app.listen({ host, port })
  } catch (error) {
    const why = error instanceof Error && 'code' in error ? WHY_NOT[String(error.code)] : undefined
    if (why === undefined) throw error
    throw new CommandError(`cannot serve on ${host}, port ${port}: ${why}. Set HOST and PORT.`, {
      cause: error,
    })
  }
}

/** By the system's codes. */
const WHY_NOT: Readonly<Record<string, string>> = {
  EADDRINUSE: 'another program does',
  EACCES: 'this user may not',
  EADDRNOTAVAIL: 'this machine has no such address',
  ENOTFOUND: 'there is no such name',
}

function version(): string {
  const text = readFileSync(new URL('../../package.json', import.meta.url), 'utf8')
  return String(JSON.parse(text).version)
}
