// The whole path into a real Cassandra node on this machine: the cost of an event to the database and to us, and reads.
import { mkdtempSync, readdirSync, rmSync, statSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Client } from 'cassandra-driver'
import { Cluster } from '../dev/cassandra/cluster.ts'
import type { Did } from '../src/atproto/event.ts'
import type { CqlAddress } from '../src/store/cql/driver/address.ts'
import { type CqlStore, openCql } from '../src/store/cql/open.ts'
import { SHOWN_COLUMNS } from '../src/store/cql/rows/character-row.ts'
import { hotOver } from './http.ts'
import { median } from './median.ts'
import { type Row, rate } from './table.ts'
import { foldFeed } from './whole-path.ts'

const READ_SECONDS = 3
/** Runs of each reader, in turn, on a warm server, which is three times as fast. */
const WARM_ROUNDS = 3
const READ_ROUNDS = 5
const READS_AT_ONCE = 64

/** @param events number of events, by 200,000 people, a few of whom cause most */
export async function benchCql(events = 300_000, actors = 200_000): Promise<Row[]> {
  const folder = mkdtempSync(join(tmpdir(), 'bsky-rpg-bench-'))
  try {
    await using cluster = await Cluster.start({ nodes: 1, folder, heapMiB: 1_024 })
    const address: CqlAddress = {
      driver: 'cql',
      contactPoints: cluster.contactPoints,
      localDataCenter: cluster.localDataCenter,
      keyspace: 'bench',
      username: undefined,
      password: undefined,
      tls: false,
      authority: undefined,
      consistency: 'local_quorum',
    }
    await using store = await openCql({ address, shards: 16, replication: undefined })
    const written = await ingest(store, cluster, events, actors)
    const bareReads = await bareReader(address)
    const rates: { bare: number[]; ours: number[] } = { bare: [], ours: [] }
    for (let round = -WARM_ROUNDS; round < READ_ROUNDS; round++) {
      const bare = await reads(bareReads.read, written.dids)
      const ours = await reads((did) => store.reader.character(did), written.dids)
      if (round < 0) continue
      rates.bare.push(bare)
      rates.ours.push(ours)
    }
    await bareReads.end()
    const [bare, ours] = [median(rates.bare), median(rates.ours)]
    const url = `cql://${cluster.contactPoints.join()}/${address.keyspace}?dc=${cluster.localDataCenter}`
    const hot = await hotOver(url, written.dids, folder)
    await cluster.stop(1)
    const bytes = bytesIn(join(folder, 'node1/data/data'), 'bench')
    return [
      {
        name: 'ingest, every table written',
        value: rate(written.rate),
        note: `${written.events} events of ${actors} people; the feeder and Cassandra on the same two cores`,
      },
      {
        name: '  first and last third',
        value: `${rate(written.first.rate)}, ${rate(written.last.rate)}`,
        note: '',
      },
      {
        name: "  the database's CPU",
        value: `${written.databaseMs.toFixed(3)} ms/event`,
        note: `${written.last.databaseMs.toFixed(3)} in the last third, once it is warm; ours: ${written.clientMs.toFixed(3)} ms/event`,
      },
      {
        name: '  round trips',
        value: `${written.trips.toFixed(0)} per 1,000 events`,
        note: written.traffic,
      },
      {
        name: '  on disk, one copy',
        value: `${Math.round(bytes / written.events)} bytes/event`,
        note: 'every table and the journal, as the server compresses them',
      },
      { name: 'bare driver, a character by DID', value: rate(bare), note: `${READS_AT_ONCE} at once` },
      {
        name: 'the store, the same uncached',
        value: rate(ours),
        note: `${Math.round((ours / bare) * 100)} % of the bare driver`,
      },
      {
        name: 'the API, of those that many ask for',
        value: rate(hot.there),
        note: `${Math.round((hot.there / hot.here) * 100)} % of the same over SQLite, ${rate(hot.here)}`,
      },
    ]
  } finally {
    rmSync(folder, { recursive: true, force: true })
  }
}

async function ingest(store: CqlStore, cluster: Cluster, wanted: number, actors: number) {
  const dids = new Set<Did>()
  const marks: { seen: number; at: number; databaseSeconds: number }[] = []
  const cpu = process.cpuUsage()
  const database = cluster.cpuSeconds(1)
  const traffic: Record<string, number> = { ...store.traffic }
  const { seen, began, ended } = await foldFeed(store, { events: wanted, actors }, ({ batch, seen }) => {
    for (const { did } of batch) dids.add(did)
    marks.push({ seen, at: performance.now(), databaseSeconds: cluster.cpuSeconds(1) })
  })
  const seconds = (ended - began) / 1000
  const used = process.cpuUsage(cpu)
  const spent = cluster.cpuSeconds(1) - database
  const between = (from: number, to: number): { rate: number; databaseMs: number } => {
    const inside = marks.filter((mark) => mark.seen >= from && mark.seen <= to)
    const [first, last] = [inside[0], inside.at(-1)]
    if (first === undefined || last === undefined || first === last) return { rate: 0, databaseMs: 0 }
    const events = last.seen - first.seen
    return {
      rate: (events * 1000) / (last.at - first.at),
      databaseMs: ((last.databaseSeconds - first.databaseSeconds) * 1000) / events,
    }
  }
  const trips = Object.entries(store.traffic).map(([kind, n]): [string, number] => [
    kind,
    n - (traffic[kind] ?? 0),
  ])
  return {
    events: seen,
    dids: [...dids],
    rate: seen / seconds,
    first: between(0, seen / 3),
    last: between((seen * 2) / 3, seen),
    databaseMs: (spent * 1000) / seen,
    clientMs: (used.user + used.system) / 1000 / seen,
    trips: (trips.reduce((sum, [, n]) => sum + n, 0) * 1000) / seen,
    traffic: trips.map(([kind, n]) => `${kind} ${((n * 1000) / seen).toFixed(0)}`).join(', '),
  }
}

/** Total size in bytes of a keyspace's files. */
function bytesIn(folder: string, keyspace: string): number {
  const files = readdirSync(join(folder, keyspace), { recursive: true, withFileTypes: true })
  return files
    .filter((file) => file.isFile())
    .reduce((sum, { parentPath, name }) => sum + statSync(join(parentPath, name)).size, 0)
}

type CharacterReader = { read: (did: Did) => Promise<unknown>; end: () => Promise<void> }

/** Reads a character by the driver alone, with one statement. */
async function bareReader({
  contactPoints,
  localDataCenter = '',
  keyspace,
}: CqlAddress): Promise<CharacterReader> {
  const client = new Client({ contactPoints, localDataCenter, keyspace })
  await client.connect()
  const query = `SELECT ${SHOWN_COLUMNS} FROM characters WHERE did = ?`
  return {
    read: (did) => client.execute(query, [did], { prepare: true }),
    end: () => client.shutdown(),
  }
}

/** Reads random characters; returns the reads per second. */
async function reads(read: CharacterReader['read'], dids: readonly Did[]): Promise<number> {
  let state = 7
  const next = (): Did => {
    state = (state * 48_271) % 2_147_483_647
    return dids[state % dids.length] as Did
  }
  let done = 0
  const until = performance.now() + (READ_SECONDS + 1) * 1000
  const counted = performance.now() + 1_000
  await Promise.all(
    Array.from({ length: READS_AT_ONCE }, async () => {
      while (performance.now() < until) {
        await read(next())
        if (performance.now() > counted) done += 1
      }
    }),
  )
  return done / READ_SECONDS
}
