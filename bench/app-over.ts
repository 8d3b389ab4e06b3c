import { pino } from 'pino'
import { Registry } from 'prom-client'
import { ApiMetrics } from '../src/api/api-metrics.ts'
import { type App, buildApp } from '../src/api/app.ts'
import { CharacterCache } from '../src/api/character-cache.ts'
import { ImportNews } from '../src/api/import-news.ts'
import { noHandles } from '../src/bluesky/handles.ts'
import { noPeopleSearch } from '../src/bluesky/people-search.ts'
import { NO_CHANGES, rulebook } from '../src/game/rulebook.ts'
import type { Store } from '../src/store/store.ts'
import { noSignIn } from '../test/api/no-sign-in.ts'
import { inMemory } from '../test/pictures/in-memory.ts'

export type AppOverOptions = {
  /** Whether nobody else writes to the ledger, as with `start` on a file. */
  invalidated: boolean
  /** Trusts a proxy on this machine and applies the default rate limit; otherwise nobody is limited. */
  crowd: boolean
}

/** The API over a ledger, as `start` serves it, without an AppView. */
export function appOver(
  { reader, sessions }: Pick<Store, 'reader' | 'sessions'>,
  { invalidated, crowd }: AppOverOptions,
): Promise<App> {
  return buildApp({
    reader,
    inbox: { leave: async () => {} },
    rules: rulebook(NO_CHANGES),
    tracked: [],
    handles: noHandles,
    search: noPeopleSearch,
    signIn: noSignIn,
    sessions,
    metrics: { contentType: 'text/plain', metrics: async () => '' },
    apiMetrics: new ApiMetrics(new Registry()),
    clock: () => Date.now() * 1000,
    monotonic: () => performance.now() * 1000,
    logger: pino({ level: 'silent' }),
    version: 'bench',
    cache: new CharacterCache({ invalidated }),
    importNews: new ImportNews(),
    pictures: inMemory(reader),
    ingestFailure: () => undefined,
    ingestRetries: () => undefined,
    settings: {
      publicUrl: 'http://127.0.0.1',
      contact: undefined,
      adminToken: undefined,
      metricsPublic: false,
      metricsPort: undefined,
      trustProxy: crowd ? ['127.0.0.1'] : [],
      readyLag: 1,
      boards: 'on',
      imports: true,
      rankRefresh: 60_000_000,
      rateLimit: crowd ? 1_200 : 999_999_999,
    },
  })
}
