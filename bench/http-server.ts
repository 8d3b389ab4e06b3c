// The server under measurement, in a process of its own: `node bench/http-server.ts bare|ours|crowd <ledger's URL>`. Prints its
// URL. With `crowd` it trusts a proxy on this machine and applies the default rate limit.

import { fastify } from 'fastify'
import { readAddress } from '../src/store/cql/driver/address.ts'
import { openCql } from '../src/store/cql/open.ts'
import { openSqlite } from '../src/store/sqlite/open.ts'
import { appOver } from './app-over.ts'

const [kind, url = ''] = process.argv.slice(2)
console.log(await (kind === 'bare' ? bare() : ours()))

/** As large as a real answer, because the cost of an answer depends on its size. */
const CHARACTER = {
  did: 'did:plc:aaaaaaaaaaaaaaaaaaaaaaaa',
  handle: null,
  displayName: null,
  avatar: null,
  title: 'Wanderer',
  leveling: {
    level: 1,
    experience: 60,
    experienceToNextLevel: 90,
    levelsGained: 0,
    progressPercentage: 40,
  },
  rank: { position: 100_000, of: 200_000, behind: 100_000, asOf: '2026-01-01T00:00:00.000Z' },
  counts: { 'app.bsky.feed.like': 1, 'app.bsky.feed.post': 1 },
  tally: { like: 1, 'post.text': 1 },
  attributes: { voice: 2, clarity: 1, warmth: 2, echo: 1 },
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
  const app = await appOver(store, { invalidated: !onCluster, crowd: kind === 'crowd' })
  return app.listen({ port: 0, host: '127.0.0.1' })
}
