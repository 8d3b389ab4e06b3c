// What keeping up with the network costs, once everybody is known: a worker at 1,000 events a second over either store.
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import { Cluster } from '../dev/cassandra/cluster.ts'
import { cpuSeconds } from '../dev/cpu-seconds.ts'
import type { Row } from './table.ts'

const PROGRAM = fileURLToPath(new URL('../bin/bsky-rpg.js', import.meta.url))
const RATE = 1_000
const PEOPLE = 20_000
/** Until all people were met, all profiles asked for, and all code is warm. */
const WARM_SECONDS = 110
const SECONDS = 20

export async function benchLive(): Promise<Row[]> {
  const folder = mkdtempSync(join(tmpdir(), 'bsky-rpg-bench-'))
  try {
    const sqlite = await measure(`sqlite:${join(folder, 'ledger.db')}`, () => 0)
    await using cluster = await Cluster.start({ nodes: 1, folder, heapMiB: 1_024 })
    const url = `cql://${cluster.contactPoints.join()}/live?dc=${cluster.localDataCenter}`
    const cql = await measure(url, () => cluster.cpuSeconds(1))
    const row = (name: string, ms: number): Row => ({ name, value: `${ms.toFixed(2)} ms/event`, note: '' })
    return [
      row('SQLite: the worker', sqlite.worker),
      row('a cluster: the worker', cql.worker),
      row('  the database, one node', cql.database),
    ]
  } finally {
    rmSync(folder, { recursive: true, force: true })
  }
}

/** Processor time, in milliseconds an event. */
async function measure(
  ledger: string,
  database: () => number,
): Promise<{ worker: number; database: number }> {
  const words = ['simulate', '--rate', String(RATE), '--actors', String(PEOPLE), '--port', '0']
  const simulator = spawn(process.execPath, [PROGRAM, ...words], {
    env: { ...process.env, LOG_FORMAT: 'json' },
    stdio: ['ignore', 'ignore', 'pipe'],
  })
  const [told] = await once(simulator.stderr, 'data')
  const [url = ''] = /ws:\/\/[\d.:]+/.exec(String(told)) ?? []
  const http = url.replace('ws:', 'http:')
  const places = ['--jetstream-urls', url, '--appview-url', http, '--plc-url', http, '--database-url', ledger]
  const worker = spawn(process.execPath, [PROGRAM, 'ingest', ...places, '--log-level', 'error'], {
    stdio: 'inherit',
  })
  await sleep(WARM_SECONDS * 1_000)
  const before = [cpuSeconds(worker.pid), database()] as const
  await sleep(SECONDS * 1_000)
  const after = [cpuSeconds(worker.pid), database()] as const
  for (const child of [worker, simulator]) {
    child.kill()
    await once(child, 'close')
  }
  const perEvent = 1_000 / (RATE * SECONDS)
  return { worker: (after[0] - before[0]) * perEvent, database: (after[1] - before[1]) * perEvent }
}
