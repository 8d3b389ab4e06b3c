// `npm run bench` measures everything; `npm run bench -- ingest` only what is named. Ratios hold from run to run on a shared
// machine, absolute figures do not.
import { benchCards } from './cards.ts'
import { benchClient } from './client.ts'
import { benchCopies } from './copies.ts'
import { benchCql } from './cql.ts'
import { benchCrowd } from './crowd.ts'
import { benchHttp } from './http.ts'
import { benchImports } from './import.ts'
import { benchIngest } from './ingest.ts'
import { benchLatency } from './latency.ts'
import { benchLive } from './live.ts'
import { benchMoves } from './moves.ts'
import { benchPages } from './pages.ts'
import { benchReplication } from './replication.ts'
import { benchRepositories } from './repositories.ts'
import { machine, print, type Row } from './table.ts'

const all: Record<string, [title: string, run: () => Promise<Row[]>]> = {
  client: ['The stream client alone', () => benchClient()],
  ingest: ['The whole path', () => benchIngest()],
  http: ['The API', async () => [...(await benchHttp()), ...(await benchCrowd())]],
  pages: ['The pages', () => benchPages()],
  cql: ['The whole path into Cassandra', () => benchCql()],
  replication: ['What copies cost on a cluster', () => benchReplication()],
  live: ['Keeping up with 1,000 events a second', () => benchLive()],
  repositories: ["How late the thread is that has strangers' repositories read", () => benchRepositories()],
  import: ['Importing histories', () => benchImports()],
  copies: ['Backups, exports, restores and recomputes', () => benchCopies()],
  moves: ['A move to other rules', () => benchMoves()],
  cards: ['Cards', () => benchCards()],
  latency: ['All of it at 1,000 events a second', () => benchLatency()],
}

const named = process.argv.slice(2)
console.log(machine())
for (const [name, [title, run]] of Object.entries(all)) {
  if (named.length === 0 || named.includes(name)) print(title, await run())
}
process.exit(0)
