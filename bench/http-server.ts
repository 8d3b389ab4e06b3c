// A server of its own for the benchmark: `node bench/http-server.ts bare|ours <ledger>`; says where it listens.
import { fastify } from 'fastify'
import { pino } from 'pino'
import { buildApp } from '../src/api/app.ts'
import { CharacterCache } from '../src/api/character-cache.ts'
import { NO_CHANGES, rulebook } from '../src/game/rulebook.ts'
import { openSqlite } from '../src/store/sqlite/open.ts'

const [kind, path = ''] = process.argv.slice(2)
console.log(await (kind === 'bare' ? bare() : ours()))

async function bare(): Promise<string> {
  const app = fastify()
  app.get('/v1/characters/:actor', async () => ({ hello: 'world' }))
  return app.listen({ port: 0, host: '127.0.0.1' })
}

async function ours(): Promise<string> {
  const store = openSqlite({ path, reserve: 0 })
  const app = await buildApp({
    reader: store.reader,
    inbox: { leave: async () => {} },
    rules: rulebook(NO_CHANGES),
    tracked: [],
    handles: { resolve: async () => undefined },
    metrics: { contentType: 'text/plain', metrics: async () => '' },
    clock: () => Date.now() * 1000,
    logger: pino({ level: 'silent' }),
    version: 'bench',
    cache: new CharacterCache({ told: true }),
    settings: {
      publicUrl: 'http://127.0.0.1',
      contact: undefined,
      adminToken: undefined,
      metricsPublic: false,
      trustProxy: [],
      readyLag: 1,
      rankRefresh: 60_000_000,
      rateLimit: 999_999_999,
    },
  })
  return app.listen({ port: 0, host: '127.0.0.1' })
}
