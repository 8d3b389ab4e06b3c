// The type of a route, and the parts of the API that each route is given.
import type { TypeBoxTypeProvider } from '@fastify/type-provider-typebox'
import type { FastifyInstance } from 'fastify'
import type { Logger } from 'pino'
import type { Micros, Nsid } from '../../atproto/event.ts'
import type { HandleResolver } from '../../bluesky/handles.ts'
import type { PeopleSearch } from '../../bluesky/people-search.ts'
import type { SignIn } from '../../bluesky/sign-in.ts'
import type { Rulebook } from '../../game/rulebook.ts'
import type { Pictures } from '../../pictures/pictures.ts'
import type { Sessions } from '../../store/sessions.ts'
import type { Inbox, Reader } from '../../store/store.ts'
import type { Actors } from '../actors.ts'
import type { ApiMetrics } from '../api-metrics.ts'
import type { CharacterCache } from '../character-cache.ts'
import type { CurrentRules } from '../current-rules.ts'
import type { HeavyReads } from '../heavy-reads.ts'
import type { ImportNews } from '../import-news.ts'
import type { Imports } from '../imports.ts'
import type { KnownNames } from '../known-names.ts'
import type { LevelUps } from '../level-ups.ts'
import type { Presenter } from '../present.ts'
import type { Ranks } from '../ranks.ts'
import type { RecentStatus } from '../status.ts'

export type AppOptions = {
  reader: Reader
  inbox: Inbox
  /** A `CurrentRules` follows the ledger; any other rulebook stays as it is. */
  rules: Rulebook
  /** Collections without a rule that appear in timelines. */
  tracked: readonly Nsid[]
  handles: HandleResolver
  /** Finds people on the network by what somebody types. */
  search: PeopleSearch
  signIn: Pick<SignIn, 'addressFor' | 'published' | 'begin' | 'finish'>
  /** Who is signed in. */
  sessions: Sessions
  /** The registry behind /metrics. */
  metrics: { contentType: string; metrics(): Promise<string> }
  /** Measures the API itself. */
  apiMetrics: ApiMetrics
  /** Microseconds since the Unix epoch. */
  clock: () => Micros
  /** Microseconds of a clock that never goes back. */
  monotonic: () => Micros
  logger: Logger
  version: string
  cache: CharacterCache
  importNews: ImportNews
  pictures: Pictures
  /** Why ingest in this process has ended while the API goes on; `undefined` if it has not. */
  ingestFailure: () => string | undefined
  /** How often ingest in this process has repeated requests to its database; `undefined` where it is another process. */
  ingestRetries: () => number | undefined
  settings: AppSettings
}

export type AppSettings = {
  /** The public URL of this server, for links; `undefined`: the address of the request. */
  publicUrl: string | undefined
  contact: string | undefined
  adminToken: string | undefined
  metricsPublic: boolean
  /** The port of the metrics server, if there is one; then /metrics here requires the token. */
  metricsPort: number | undefined
  /** Proxies whose X-Forwarded-For is trusted. */
  trustProxy: readonly string[]
  /** Maximum lag of a ready server, in microseconds. */
  readyLag: Micros
  /** Whether there are leaderboards. */
  boards: 'on' | 'off'
  /** Whether pages offer to import people: not where only some people are followed, whom ingest imports by itself. */
  imports: boolean
  /** Maximum age of ranks, in microseconds. */
  rankRefresh: Micros
  /** Requests a minute that one client may make. */
  rateLimit: number
}

/** The parts that every route is given. */
export type RouteOptions = Omit<AppOptions, 'rules'> & {
  rules: CurrentRules
  actors: Actors
  ranks: Ranks
  presenter: Presenter
  status: RecentStatus
  heavy: HeavyReads
  levelUps: LevelUps
  imports: Imports
  names: KnownNames
}

export type TypedApp = ReturnType<typeof typed>
export type Routes = (app: TypedApp, options: RouteOptions) => void

/** Types the handlers of `app` by their schemas. */
export function typed(app: FastifyInstance) {
  return app.withTypeProvider<TypeBoxTypeProvider>()
}
