// What the parts of the API hand to each route, and what a route is.
import type { TypeBoxTypeProvider } from '@fastify/type-provider-typebox'
import type { FastifyInstance } from 'fastify'
import type { Logger } from 'pino'
import type { Micros, Nsid } from '../../atproto/event.ts'
import type { HandleResolver } from '../../bluesky/handles.ts'
import type { Rulebook } from '../../game/rulebook.ts'
import type { Inbox, Reader } from '../../store/store.ts'
import type { Actors } from '../actors.ts'
import type { CharacterCache } from '../character-cache.ts'
import type { HeavyReads } from '../heavy-reads.ts'
import type { Presenter } from '../present.ts'
import type { Ranks } from '../ranks.ts'
import type { RecentStatus } from '../status.ts'

export type AppOptions = {
  reader: Reader
  inbox: Inbox
  rules: Rulebook
  /** Collections that are followed without a rule. */
  tracked: readonly Nsid[]
  handles: HandleResolver
  /** What /metrics answers. */
  metrics: { contentType: string; metrics(): Promise<string> }
  /** Microseconds since the Unix epoch. */
  clock: () => Micros
  /** Microseconds that have passed since some moment, whatever the clock is set to. */
  monotonic: () => Micros
  logger: Logger
  version: string
  cache: CharacterCache
  /** Why ingest in this process has ended while the API goes on, where it has. */
  ingestFailure: () => string | undefined
  settings: AppSettings
}

export type AppSettings = {
  /** Where this server is found, for links; `undefined`: whichever address it is asked at. */
  publicUrl: string | undefined
  contact: string | undefined
  adminToken: string | undefined
  metricsPublic: boolean
  /** Where metrics have a port of their own; here they then want the token. */
  metricsPort: number | undefined
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
export type RouteOptions = AppOptions & {
  actors: Actors
  ranks: Ranks
  presenter: Presenter
  status: RecentStatus
  heavy: HeavyReads
}

export type TypedApp = ReturnType<typeof typed>
export type Routes = (app: TypedApp, options: RouteOptions) => void

/** `app`, whose handlers get the types of their schemas. */
export function typed(app: FastifyInstance) {
  return app.withTypeProvider<TypeBoxTypeProvider>()
}
