// The server under measurement, in a process of its own: `node bench/http-server.ts bare|ours|crowd <ledger's URL>`. Prints its
// URL. With `crowd` it trusts a proxy on this machine and applies the default rate limit.

import { fastify } from 'fastify'
import { pino } from 'pino'
import { buildApp } from '../src/api/app.ts'
import { CharacterCache } from '../src/api/character-cache.ts'
import { noHandles } from '../src/bluesky/handles.ts'
import { noPeopleSearch } from '../src/bluesky/people-search.ts'
import { NO_CHANGES, rulebook } from '../src/game/rulebook.ts'
import { readAddress } from '../src/store/cql/driver/address.ts'
import { openCql } from '../src/store/cql/open.ts'
import { openSqlite } from '../src/store/sqlite/open.ts'
import { noSignIn } from '../test/api/no-sign-in.ts'
import { inMemory } from '../test/pictures/in-memory.ts'

const [kind, url = ''] = process.argv.slice(2)
console.log(await (kind === 'bare' ? bare() : ours()))

/** As large as a real answer, because the cost of an answer depends on its size. */
const CHARACTER = {
  did: 'did:plc:aaaaaaaaaaaaaaaaaaaaaaaa',
  handle: null,
  displayName: null,
  avatar: null,
  title: 'Lurker',
  leveling: {
    level: 0,
    experience: 60,
    experienceToNextLevel: 940,
    levelsGained: 0,
    progressPercentage: 6,
  },
  rank: { position: 100_000, of: 200_000, asOf: '2026-01-01T00:00:00.000Z' },
  counts: { 'app.bsky.feed.like': 1, 'app.bsky.feed.post': 1 },
  updatedAt: '2026-01-01T00:00:00.000Z',
}

async function bare(): Promise<string> {
  const app = fastify()
  app.get('/v1/characters/:actor', async () => CHARACTER)
  return app.listen({ port: 0, host: '127.0.0.1' })
}

async function ours(): Promise<string> {
  const onCluster = url.startsWith('cql:')
  const store = onCluster
    ? await openCql({ address: readAddress(url), shards: 1, replication: undefined })
    : openSqlite({ path: url.replace(/^sqlite:/, ''), reserve: 0 })
  const app = await buildApp({
    reader: store.reader,
    inbox: { leave: async () => {} },
    rules: rulebook(NO_CHANGES),
    tracked: [],
    handles: noHandles,
    search: noPeopleSearch,
    signIn: noSignIn,
    sessions: store.sessions,
    metrics: { contentType: 'text/plain', metrics: async () => '' },
    clock: () => Date.now() * 1000,
    monotonic: () => performance.now() * 1000,
    logger: pino({ level: 'silent' }),
    version: 'bench',
    cache: new CharacterCache({ invalidated: !onCluster }),
    pictures: inMemory(store.reader),
    ingestFailure: () => undefined,
    settings: {
      publicUrl: 'http://127.0.0.1',
      contact: undefined,
      adminToken: undefined,
      metricsPublic: false,
      metricsPort: undefined,
      trustProxy: kind === 'crowd' ? ['127.0.0.1'] : [],
      readyLag: 1,
      boards: 'on',
      rankRefresh: 60_000_000,
      rateLimit: kind === 'crowd' ? 1_200 : 999_999_999,
    },
  })
  return app.listen({ port: 0, host: '127.0.0.1' })
}
