// A process that imports repositories into a ledger while events come, as ingest does, and says what that took.
import { once } from 'node:events'
import { performance } from 'node:perf_hooks'
import { setTimeout as sleep } from 'node:timers/promises'
import type { Did } from '../src/atproto/event.ts'
import { openRepositories } from '../src/bluesky/repositories.ts'
import type { Game } from '../src/game/game.ts'
import { NO_CHANGES, rulebook } from '../src/game/rulebook.ts'
import { fulfilWishes } from '../src/ingest/chores.ts'
import { ImportAnswers } from '../src/ingest/import-answers.ts'
import { Ledger } from '../src/ingest/ledger.ts'
import { Network } from '../src/simulator/network.ts'
import { openSqlite } from '../src/store/sqlite/open.ts'
import { KEY } from '../test/bluesky/repository/made-repository.ts'

export type ToImport = { ledger: string; repositories: { did: Did; pds: string }[] }
export type Imported = {
  /** Of all threads, the events included. */
  cpuMs: number
  wallMs: number
  maxRssMb: number
  /** From an event's arrival until it was committed. */
  waitsMs: number[]
}

/** Time between two events. */
const EVENT_EVERY_MS = 10

const [{ ledger: path, repositories }] = (await once(process, 'message')) as [ToImport]
const rules = rulebook(NO_CHANGES)
const game: Game = {
  rules,
  former: undefined,
  followed: new Set(rules.collections),
  baseline: 'off',
  appview: 'none',
}
await using store = openSqlite({ path, reserve: 0 })
await using writer = await store.write({ fingerprint: rules.fingerprint, purpose: 'keep' })
const ledger = new Ledger({ game, writer, folded: () => {} })
const clock = () => Date.now() * 1000
const network = new Network({ seed: 1, actors: 200, start: clock(), step: 1_000, mix: 'feed' })
for (let n = 0; n < 2_000; n++) await ledger.fold(network.next(), undefined)

const servers = new Map(repositories.map(({ did, pds }) => [did, new URL(pds)]))
const over = new AbortController()
const imports = new ImportAnswers({
  ledger,
  next: (...wanted) => ledger.use((writer) => writer.questions(...wanted)),
  repositories: {
    ...openRepositories({ plcUrl: repositories[0]?.pds ?? '', received: () => {} }),
    find: async (did) => ({ pds: servers.get(did) ?? new URL('http://127.0.0.1'), key: KEY }),
  },
  followed: game.followed,
  clock,
  dids: undefined,
  report: (did, progress) => {
    if (progress.state === 'failed') throw new Error(`${did}: ${progress.reason}`)
    if (progress.state === 'imported') servers.delete(did)
    if (servers.size === 0) over.abort()
  },
})
process.send?.('ready')
await once(process, 'message')

const waitsMs: number[] = []
const began = performance.now()
const cpu = process.cpuUsage()
for (const { did } of repositories) await store.inbox.leave({ kind: 'import', did, at: clock() })
await fulfilWishes(ledger)
const rest = () => sleep(100, undefined, { signal: over.signal }).catch(() => {})
const importing = imports.run({
  rest,
  fail: (error) => {
    throw error
  },
  signal: over.signal,
})
while (!over.signal.aborted) {
  const arrived = performance.now()
  await ledger.fold(network.next(), undefined)
  waitsMs.push(performance.now() - arrived)
  await sleep(EVENT_EVERY_MS)
}
await importing
const { user, system } = process.cpuUsage(cpu)
const imported: Imported = {
  cpuMs: (user + system) / 1_000,
  wallMs: performance.now() - began,
  maxRssMb: process.resourceUsage().maxRSS / 1_024,
  waitsMs,
}
process.send?.(imported)
process.disconnect?.()
