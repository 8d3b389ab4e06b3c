import { once } from 'node:events'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { Worker } from 'node:worker_threads'
import { INGEST_LIMITS } from '../src/commands/ingest-worker.ts'
import type { Measured, Work } from './ingest-thread.ts'
import { type Row, rate } from './table.ts'

/** Measures the path from the socket to committed rows, and a bare loop that writes the same rows. */
export async function benchIngest(events = 1_000_000, actors = 200_000): Promise<Row[]> {
  const folder = mkdtempSync(join(tmpdir(), 'bsky-rpg-bench-'))
  try {
    const path = join(folder, 'ledger.db')
    const whole = await wholePath({ path, events, actors })
    const bare = bareLoop(path, join(folder, 'bare.db'))
    const share = (whole.rate / bare.rate) * 100
    return [
      {
        name: 'whole path: socket to committed rows',
        value: rate(whole.rate),
        note: `${whole.events} events, ${actors} people`,
      },
      {
        name: '  first and last 100,000',
        value: `${rate(whole.first)}, ${rate(whole.last)}`,
        note: `last is ${Math.round((whole.last / whole.first) * 100)} % of first`,
      },
      {
        name: 'bare loop: the same rows, prepared statements',
        value: rate(bare.rate),
        note: `the whole path is ${share.toFixed(0)} % of it`,
      },
      {
        name: 'on disk',
        value: `${whole.bytesPerEvent.toFixed(1)} bytes/event`,
        note: `${whole.ledgerEvents} events in the ledger; everything included`,
      },
      {
        name: 'memory, without mapped files',
        value: `${whole.peakMiB.toFixed(0)} MiB at most`,
        note: `${whole.halfMiB.toFixed(0)} MiB at half time`,
      },
    ]
  } finally {
    rmSync(folder, { recursive: true, force: true })
  }
}

/** Runs ingest as the program does, in a thread with a heap of its own. */
async function wholePath(work: Work): Promise<Measured> {
  const worker = new Worker(new URL('./ingest-thread.ts', import.meta.url), {
    workerData: work,
    resourceLimits: INGEST_LIMITS,
  })
  const [measured] = await once(worker, 'message')
  return measured as Measured
}

type Value = bigint | string | null
type Table = { name: string; columns: string[]; rows: Value[][] }

/** The tables that ingest fills, each with the column that gives the order in which its rows were added. */
const FILLED = { records: 'rkey', events: 'id', actors: 'id', questions: 'id', grants: 'day' }

/** Only writes the rows of a finished ledger into a new file, in the order in which they were added. */
function bareLoop(from: string, to: string): { rate: number } {
  const source = new DatabaseSync(from, { readOnly: true })
  const read = (name: keyof typeof FILLED): Table => {
    const statement = source.prepare(`SELECT * FROM ${name} ORDER BY ${FILLED[name]}`)
    statement.setReadBigInts(true)
    statement.setReturnArrays(true)
    const columns = statement.columns().map(({ name }) => name)
    return { name, columns, rows: statement.all() as unknown as Value[][] }
  }
  const [events, actors] = [read('events'), read('actors')]
  const others = [read('records'), read('questions'), read('grants')]
  const schema = source
    .prepare(
      'SELECT sql FROM sqlite_schema WHERE tbl_name IN (SELECT value FROM json_each(?)) AND sql IS NOT NULL',
    )
    .all(JSON.stringify(Object.keys(FILLED)))
  source.close()

  const db = new DatabaseSync(to)
  db.exec(
    'PRAGMA page_size = 1024; PRAGMA journal_mode = WAL; PRAGMA synchronous = NORMAL; PRAGMA cache_size = -65536; PRAGMA mmap_size = 1073741824; PRAGMA wal_autocheckpoint = 262144',
  )
  for (const { sql } of schema) db.exec(String(sql))
  const insert = ({ name, columns }: Table) =>
    db.prepare(`INSERT INTO ${name} VALUES (${Array(columns.length).fill('?').join(', ')})`)
  const putEvent = insert(events)
  const putActor = insert(actors)
  const inserts = others.map((table) => ({ rows: table.rows, put: insert(table), next: 0 }))
  const update = db.prepare(
    'UPDATE actors SET experience = ?, last_delta = ?, updated_at = ?, rev = ?, kinds = ? WHERE id = ?',
  )
  const eventAt = (column: string) => events.columns.indexOf(column)
  const actorAt = (column: string) => actors.columns.indexOf(column)
  const [actor, experience, delta, at] = ['actor', 'experience', 'delta', 'at'].map(eventAt) as Four
  const [id, rev, kinds] = ['id', 'rev', 'kinds'].map(actorAt) as Three
  const known = new Set<bigint>()
  const byId = new Map(actors.rows.map((row) => [row[id] as bigint, row]))
  const began = performance.now()
  for (let start = 0; start < events.rows.length; start += AT_ONCE) {
    db.exec('BEGIN')
    const touched = new Map<bigint, Value[]>()
    for (const event of events.rows.slice(start, start + AT_ONCE)) {
      putEvent.run(...event)
      touched.set(event[actor] as bigint, event)
    }
    const share = Math.min(events.rows.length, start + AT_ONCE) / events.rows.length
    for (const table of inserts) {
      for (const until = table.rows.length * share; table.next < until; table.next++) {
        table.put.run(...(table.rows[table.next] ?? []))
      }
    }
    for (const [of, event] of touched) {
      const row = byId.get(of)
      if (row === undefined) continue
      const value = (column: number) => event[column] ?? 0n
      if (known.has(of))
        update.run(value(experience), value(delta), value(at), row[rev] ?? null, row[kinds] ?? '[]', of)
      else putActor.run(...row)
      known.add(of)
    }
    db.exec('COMMIT')
  }
  const seconds = (performance.now() - began) / 1000
  db.close()
  return { rate: events.rows.length / seconds }
}

type Three = [number, number, number]
type Four = [number, number, number, number]

/** Events in a transaction. */
const AT_ONCE = 5_000
