import type { Did, Handle, Nsid } from '@atcute/lexicons/syntax'
import { pino } from 'pino'
import { Registry } from 'prom-client'
import { ApiMetrics } from '../../src/api/api-metrics.ts'
import { buildApp, type ConnectionLimits } from '../../src/api/app.ts'
import { CharacterCache } from '../../src/api/character-cache.ts'
import { ImportNews } from '../../src/api/import-news.ts'
import { builtInRoutes } from '../../src/api/routes/index.ts'
import type { AppOptions, AppSettings, Routes } from '../../src/api/routes/route.ts'
import type { Micros } from '../../src/atproto/event.ts'
import type { Profile } from '../../src/atproto/profile.ts'
import { noHandles } from '../../src/bluesky/handles.ts'
import { noPeopleSearch } from '../../src/bluesky/people-search.ts'
import { NO_CHANGES, rulebook } from '../../src/game/rulebook.ts'
import { Memory } from '../memory-store/memory.ts'
import { MemorySessions } from '../memory-store/sessions.ts'
import { inMemory } from '../pictures/in-memory.ts'
import { noSignIn } from './no-sign-in.ts'
import { ScriptedLedger } from './scripted-ledger.ts'

export const NOW: Micros = 1_700_000_500_000_000
export const SECOND: Micros = 1_000_000

export const alice = 'did:plc:aliceaaaaaaaaaaaaaaaaaaa' as Did
export const bob = 'did:plc:bobbbbbbbbbbbbbbbbbbbbbb' as Did
export const nobody = 'did:plc:nobodyyyyyyyyyyyyyyyyyyy' as Did

const SETTINGS: AppSettings = {
  publicUrl: undefined,
  contact: 'keeper@rpg.example',
  adminToken: 'a-token',
  metricsPublic: false,
  metricsPort: undefined,
  trustProxy: [],
  readyLag: 120 * SECOND,
  boards: 'on',
  imports: true,
  rankRefresh: 60 * SECOND,
  rateLimit: 10_000,
}

export type Overrides = Partial<Omit<AppOptions, 'settings'>> & { settings?: Partial<AppSettings> }

/** The API over a ledger in memory, with a clock that only the test moves. */
export async function build(
  overrides: Overrides = {},
  routes: readonly Routes[] = builtInRoutes,
  limits?: ConnectionLimits,
) {
  const ledger = new ScriptedLedger()
  /** The time that passes, and by how much the machine's clock was set. */
  const time = { now: NOW, set: 0 }
  const logged: string[] = []
  /** The metrics of the API. */
  const registry = new Registry()
  const options: AppOptions = {
    reader: ledger,
    inbox: ledger,
    rules: rulebook(NO_CHANGES),
    tracked: ['app.bsky.graph.follow' as Nsid],
    handles: noHandles,
    search: noPeopleSearch,
    signIn: noSignIn,
    sessions: new MemorySessions(new Memory()),
    metrics: { contentType: 'text/plain; version=0.0.4; charset=utf-8', metrics: async () => 'up 1\n' },
    apiMetrics: new ApiMetrics(registry),
    clock: () => time.now + time.set,
    monotonic: () => time.now,
    logger: pino({ level: 'warn' }, { write: (line) => logged.push(line) }),
    version: '1.2.3',
    cache: new CharacterCache({ invalidated: true }),
    importNews: new ImportNews(),
    pictures: inMemory(ledger),
    ingestFailure: () => undefined,
    ingestRetries: () => undefined,
    ...overrides,
    settings: { ...SETTINGS, ...overrides.settings },
  }
  const app = await buildApp(options, routes, limits)
  return {
    app,
    ledger,
    registry,
    pictures: options.pictures,
    time,
    /** Lines of the log. */
    logged,
    get: (url: string, headers: Record<string, string> = {}) => app.inject({ url, headers }),
    /** `body` among the headers is sent as the request's body. */
    post: (url: string, { body = '', ...headers }: Record<string, string> = {}) =>
      app.inject({
        method: 'POST',
        url,
        payload: body,
        headers: { ...(body !== '' && { 'content-type': 'application/json' }), ...headers },
      }),
    delete: (url: string, headers: Record<string, string> = {}) =>
      app.inject({ method: 'DELETE', url, headers }),
    [Symbol.asyncDispose]: () => app.close(),
  }
}

export function profile(handle: string, { asked = NOW, displayName = 'Alice' } = {}): Profile {
  return { handle: handle as Handle, displayName, avatar: 'https://cdn.example/alice.jpg', asked }
}
