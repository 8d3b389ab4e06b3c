// `npm run cassandra`: one real Cassandra node for development, without Docker; its data stay in data/cassandra.
import { fileURLToPath } from 'node:url'
import { Cluster } from './cluster.ts'
import { missing } from './jars.ts'

const folder = fileURLToPath(new URL('../../data/cassandra', import.meta.url))

const why = await missing()
if (why !== undefined) {
  console.error(`Cassandra cannot be started here: ${why}.`)
  process.exit(1)
}
console.log('starting Cassandra; the first time, Maven fetches it (70 MB)')
const end = new AbortController()
for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => end.abort())
await using cluster = await Cluster.start({ nodes: 1, folder })
const [address] = cluster.contactPoints
console.log(`Cassandra answers; in another terminal:

  DATABASE_URL=cql://${address}:9042/bsky_rpg?dc=${cluster.localDataCenter} npm start

Ctrl-C stops it; what was written stays in ${folder}`)
if (!end.signal.aborted) await new Promise((resolve) => end.signal.addEventListener('abort', resolve))
console.log('stopping')
await cluster.stop(1)
