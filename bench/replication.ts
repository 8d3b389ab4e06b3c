// What copies cost: the same events into one node, and with one and with three copies into three nodes on this machine, in turn.
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Cluster, type ClusterOptions } from '../dev/cassandra/cluster.ts'
import type { StreamEvent } from '../src/atproto/event.ts'
import type { Game } from '../src/game/game.ts'
import { NO_CHANGES, rulebook } from '../src/game/rulebook.ts'
import { Ledger } from '../src/ingest/ledger.ts'
import { Network } from '../src/simulator/network.ts'
import { type CqlStore, openCql } from '../src/store/cql/open.ts'
import { median } from './median.ts'
import { type Row, rate } from './table.ts'

const ACTORS = 20_000
/** Events in one commit, and commits in one measurement. */
const BATCH = 2_000
const BATCHES = 3
/** The first measurements warm the servers up and are left out. */
const WARM_ROUNDS = 8
const ROUNDS = 12
const START = 1_750_000_000_000_000

/** Of one event. */
type Cost = { seconds: number; databaseMs: number; ownMs: number; requests: number }
type Measured = { name: string; costs: Cost[] }

export async function benchReplication(): Promise<Row[]> {
  const alone = await measure({ nodes: 1, heapMiB: 512 }, [1])
  const [single, triple] = await measure({ nodes: 3, heapMiB: 512 }, [1, 3])
  const all = [...alone, single, triple].filter((each) => each !== undefined)
  const first = all[0]?.costs ?? []
  return all.flatMap(({ name, costs }) => {
    const of = (what: (cost: Cost) => number, those = costs): number => median(those.map(what))
    const databaseMs = of((cost) => cost.databaseMs)
    const times = databaseMs / of((cost) => cost.databaseMs, first)
    return [
      {
        name,
        value: `${databaseMs.toFixed(3)} ms/event`,
        note: `CPU of all nodes, ${times.toFixed(2)} times that of one node; ours: ${of((cost) => cost.ownMs).toFixed(3)} ms/event`,
      },
      {
        name: '  rate and requests',
        value: rate(1 / of((cost) => cost.seconds)),
        note: `${of((cost) => cost.requests).toFixed(3)} requests an event; all nodes share this machine`,
      },
    ]
  })
}

async function measure(
  options: Omit<ClusterOptions, 'folder'>,
  copies: readonly number[],
): Promise<Measured[]> {
  const folder = mkdtempSync(join(tmpdir(), 'bsky-rpg-bench-'))
  try {
    await using cluster = await Cluster.start({ ...options, folder })
    await using stack = new AsyncDisposableStack()
    const ledgers: (Measured & { next: () => Promise<Cost> })[] = []
    for (const replication of copies) {
      const address = {
        driver: 'cql',
        contactPoints: cluster.contactPoints,
        localDataCenter: cluster.localDataCenter,
        keyspace: `copies_${replication}`,
        username: undefined,
        password: undefined,
        tls: false,
        authority: undefined,
        consistency: 'local_quorum',
      } as const
      const store = stack.use(await openCql({ address, shards: 4, replication }))
      const name = `${options.nodes === 1 ? 'one node' : 'three nodes'}, ${replication === 1 ? 'one copy' : 'three copies'}`
      ledgers.push({
        name,
        costs: [],
        next: await events(stack, store, () => cpuSeconds(cluster, options.nodes)),
      })
    }
    for (let round = 0; round < WARM_ROUNDS + ROUNDS; round++) {
      for (const { costs, next } of ledgers) {
        const cost = await next()
        if (round >= WARM_ROUNDS) costs.push(cost)
      }
    }
    return ledgers
  } finally {
    rmSync(folder, { recursive: true, force: true })
  }
}

/** @returns folds some more events into `store`, the same ones for every store, and says what they cost */
async function events(
  stack: AsyncDisposableStack,
  store: CqlStore,
  databaseSeconds: () => number,
): Promise<() => Promise<Cost>> {
  const rules = rulebook(NO_CHANGES)
  const game: Game = {
    rules,
    followed: new Set(rules.collections),
    baseline: 'off',
    appview: 'none',
    former: undefined,
  }
  const writer = stack.use(await store.write({ fingerprint: rules.fingerprint, purpose: 'keep' }))
  const ledger = new Ledger({ game, writer, folded: () => {} })
  const network = new Network({ seed: 1, actors: ACTORS, start: START, step: 1_000, mix: 'feed' })
  let value = 0
  return async () => {
    const batches = Array.from({ length: BATCHES }, () => batchOf(network))
    const [requests, database, own, began] = [
      sum(store),
      databaseSeconds(),
      process.cpuUsage(),
      performance.now(),
    ]
    for (const batch of batches) {
      value += batch.length
      await ledger.fold(batch, { host: 'bench', wire: 'v2', value, at: network.now })
    }
    const seconds = (performance.now() - began) / 1_000
    const used = process.cpuUsage(own)
    const n = batches.flat().length
    return {
      seconds: seconds / n,
      databaseMs: ((databaseSeconds() - database) * 1_000) / n,
      ownMs: (used.user + used.system) / 1_000 / n,
      requests: (sum(store) - requests) / n,
    }
  }
}

function batchOf(network: Network): StreamEvent[] {
  const batch: StreamEvent[] = []
  while (batch.length < BATCH) batch.push(...network.next())
  return batch
}

function sum({ traffic }: CqlStore): number {
  return Object.values(traffic).reduce((total, n) => total + n, 0)
}

function cpuSeconds(cluster: Cluster, nodes: number): number {
  return Array.from({ length: nodes }, (_, n) => cluster.cpuSeconds(n + 1)).reduce((total, n) => total + n, 0)
}
