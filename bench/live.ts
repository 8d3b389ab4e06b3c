// The cost of keeping up with the network once everybody is known: a worker at 1,000 events a second on either store.
import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { closeSync, mkdtempSync, openSync, readSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { setTimeout as sleep } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import { bytesWritten } from '../dev/bytes-written.ts'
import { Cluster } from '../dev/cassandra/cluster.ts'
import { cpuSeconds } from '../dev/cpu-seconds.ts'
import { live } from '../src/simulator/live.ts'
import { Network } from '../src/simulator/network.ts'
import { type Simulator, startSimulator } from '../src/simulator/simulator.ts'
import { openSqlite } from '../src/store/sqlite/open.ts'
import { meetNetwork } from './met-network.ts'
import type { Row } from './table.ts'

const PROGRAM = fileURLToPath(new URL('../bin/bsky-rpg.js', import.meta.url))
const RATE = 1_000
/** People and events in SQLite's ledger before the worker starts. */
const PEOPLE = 200_000
const STORED_EVENTS = 300_000
/** Warm-up, until all code is compiled. */
const WARM_SECONDS = 20
/** Milliseconds between two looks at SQLite's write-ahead log. */
const LOOK_MS = 50
/** Fewer people than on SQLite: the cluster's worker starts empty, and asks for all their profiles while it warms up. */
const CLUSTER_PEOPLE = 20_000
const CLUSTER_WARM_SECONDS = 110
const CLUSTER_SECONDS = 20

export async function benchLive(): Promise<Row[]> {
  const folder = mkdtempSync(join(tmpdir(), 'bsky-rpg-bench-'))
  try {
    return [...(await onSqlite(join(folder, 'ledger.db'))), ...(await onCluster(folder))]
  } finally {
    rmSync(folder, { recursive: true, force: true })
  }
}

/**
 * Measures from one emptying of the write-ahead log to the next. SQLite copies the log's pages into the ledger all at once, at
 * the end of such a period: any other period would count too few or too many of these writes.
 */
async function onSqlite(path: string): Promise<Row[]> {
  const network = newNetwork(PEOPLE)
  await meetNetwork(path, network, STORED_EVENTS)
  return await withWorker(network, `sqlite:${path}`, async (worker) => {
    await sleep(WARM_SECONDS * 1_000)
    const emptying = new DatabaseSync(path, { timeout: 5_000 })
    // The pragma reports `busy` while the worker reads from the log, and has then emptied nothing.
    const empty = emptying.prepare('PRAGMA wal_checkpoint(TRUNCATE)')
    while (empty.get()?.busy !== 0) await sleep(LOOK_MS)
    emptying.close()
    await using store = openSqlite({ path, reserve: 0 })
    const state = async () => ({
      events: (await store.reader.status()).cursor?.value ?? 0,
      at: performance.now(),
      cpu: cpuSeconds(worker.pid),
      ...bytesWritten(worker.pid),
    })
    const began = await state()
    await logRestarted(`${path}-wal`)
    const ended = await state()
    const events = ended.events - began.events
    const [seconds, rate] = [(ended.at - began.at) / 1_000, (events / (ended.at - began.at)) * 1_000]
    const bytes = (what: 'byCalls' | 'toDisk') =>
      `${Math.round((ended[what] - began[what]) / events)} bytes/event`
    return [
      {
        name: 'SQLite: the worker',
        value: `${(((ended.cpu - began.cpu) / events) * 1_000).toFixed(2)} ms/event`,
        note: `${events} events, ${seconds.toFixed(0)} s at ${rate.toFixed(0)} events/s; ${PEOPLE} people`,
      },
      {
        name: '  written to files (wchar)',
        value: bytes('byCalls'),
        note: 'from one emptying of the log to the next, all included',
      },
      { name: '  written to the disk (write_bytes)', value: bytes('toDisk'), note: '' },
    ]
  })
}

async function onCluster(folder: string): Promise<Row[]> {
  await using cluster = await Cluster.start({ nodes: 1, folder, heapMiB: 1_024 })
  const url = `cql://${cluster.contactPoints.join()}/live?dc=${cluster.localDataCenter}`
  return await withWorker(newNetwork(CLUSTER_PEOPLE), url, async (worker) => {
    const row = (name: string, seconds: number): Row => {
      const ms = (seconds * 1_000) / (RATE * CLUSTER_SECONDS)
      return { name, value: `${ms.toFixed(2)} ms/event`, note: '' }
    }
    await sleep(CLUSTER_WARM_SECONDS * 1_000)
    const before = [cpuSeconds(worker.pid), cluster.cpuSeconds(1)] as const
    await sleep(CLUSTER_SECONDS * 1_000)
    const after = [cpuSeconds(worker.pid), cluster.cpuSeconds(1)] as const
    return [
      row('a cluster: the worker', after[0] - before[0]),
      row('  the database, one node', after[1] - before[1]),
    ]
  })
}

function newNetwork(actors: number): Network {
  return new Network({
    seed: 1,
    actors,
    start: Date.now() * 1_000 - 3_600_000_000,
    step: 1_000,
    mix: 'everything',
  })
}

/** Runs a worker on a live `network` until `measure` is done. */
async function withWorker<T>(
  network: Network,
  ledger: string,
  measure: (worker: ChildProcess) => Promise<T>,
): Promise<T> {
  await using simulator = await startSimulator({ network, seed: 1 })
  const end = new AbortController()
  const worker = follow(simulator, ledger)
  const living = live(simulator, { rate: RATE, clock: () => Date.now() * 1_000, signal: end.signal })
  const closed = once(worker, 'close')
  const early = closed.then(([code]) => {
    throw new Error(`the worker ended with ${code} while it was measured`)
  })
  try {
    return await Promise.race([measure(worker), early])
  } finally {
    early.catch(() => {})
    end.abort()
    await living
    worker.kill()
    await closed
  }
}

function follow({ url, httpUrl }: Simulator, ledger: string): ChildProcess {
  const flags = [
    '--jetstream-urls',
    url,
    '--appview-url',
    httpUrl,
    '--plc-url',
    httpUrl,
    '--database-url',
    ledger,
  ]
  return spawn(process.execPath, [PROGRAM, 'ingest', ...flags, '--log-level', 'error'], { stdio: 'inherit' })
}

/** Resolves when SQLite begins to write over the log: by then it has copied all its pages into the ledger. */
async function logRestarted(log: string): Promise<void> {
  // An emptied log has no header before the next write.
  while (saltOf(log) === EMPTY) await sleep(LOOK_MS)
  const before = saltOf(log)
  while (saltOf(log) === before) await sleep(LOOK_MS)
}

const EMPTY = '0'.repeat(16)

/** The salt in a log's header, new whenever SQLite starts the log over (https://www.sqlite.org/fileformat2.html#walformat). */
function saltOf(log: string): string {
  const salt = Buffer.alloc(8)
  const file = openSync(log, 'r')
  try {
    readSync(file, salt, 0, 8, 16)
  } finally {
    closeSync(file)
  }
  return salt.toString('hex')
}
