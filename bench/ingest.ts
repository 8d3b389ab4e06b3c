import { once } from 'node:events'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { Worker } from 'node:worker_threads'
import { INGEST_LIMITS } from '../src/commands/ingest-worker.ts'
import type { Measured, Work } from './ingest-thread.ts'
import { type Row, rate } from './table.ts'

/** From the socket to committed rows, and beside it the same rows written by a bare loop. */
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

/** Where ingest runs in the program, too: in a thread with a heap of its own. */
async function wholePath(work: Work): Promise<Measured> {
  const worker = new Worker(new URL('./ingest-thread.ts', import.meta.url), {
    workerData: work,
    resourceLimits: INGEST_LIMITS,
  })
  const [measured] = await once(worker, 'message')
  return measured as Measured
}

/** Writes the rows of a finished ledger into a new file, in the order in which they came to be, and nothing else. */
function bareLoop(from: string, to: string): { rate: number } {
  const source = new DatabaseSync(from, { readOnly: true })
  const columns = { records: 10, events: 8, actors: 15, questions: 6 }
  const read = (sql: string) => {
    const statement = source.prepare(sql)
    statement.setReadBigInts(true)
    statement.setReturnArrays(true)
    return statement.all() as unknown as (bigint | string | null)[][]
  }
  const events = read('SELECT id, actor, back, at, entry, rkey, delta, experience FROM events ORDER BY id')
  const records = read(
    'SELECT rkey, actor, collection, rev, after, xp, state, prev, subject_actor, subject_rkey FROM records ORDER BY rkey',
  )
  const actors = read(
    'SELECT id, did, standing, experience, last_delta, updated_at, rev, floor, status_time, kinds, capped, pruned_xp, period_day, week_xp, month_xp FROM actors ORDER BY id',
  )
  const questions = read('SELECT kind, id, actor, collection, rkey, rev FROM questions ORDER BY id')
  const schema = source
    .prepare(
      "SELECT sql FROM sqlite_schema WHERE name IN ('records', 'events', 'actors', 'questions', 'records_by_subject')",
    )
    .all()
  source.close()

  const db = new DatabaseSync(to)
  db.exec(
    'PRAGMA page_size = 1024; PRAGMA journal_mode = WAL; PRAGMA synchronous = NORMAL; PRAGMA cache_size = -65536; PRAGMA mmap_size = 1073741824; PRAGMA wal_autocheckpoint = 262144',
  )
  for (const { sql } of schema) db.exec(String(sql))
  const insert = (table: keyof typeof columns) =>
    db.prepare(`INSERT INTO ${table} VALUES (${Array(columns[table]).fill('?').join(', ')})`)
  const putRecord = insert('records')
  const putEvent = insert('events')
  const putActor = insert('actors')
  const putQuestion = insert('questions')
  const update = db.prepare(
    'UPDATE actors SET experience = ?, last_delta = ?, updated_at = ?, rev = ?, kinds = ? WHERE id = ?',
  )
  const known = new Set<bigint>()
  const byId = new Map(actors.map((row) => [row[0] as bigint, row]))
  const began = performance.now()
  const next = { record: 0, question: 0 }
  for (let at = 0; at < events.length; at += 5_000) {
    db.exec('BEGIN')
    const touched = new Map<bigint, (bigint | string | null)[]>()
    for (const event of events.slice(at, at + 5_000)) {
      putEvent.run(...event)
      touched.set(event[1] as bigint, event)
    }
    const share = Math.min(events.length, at + 5_000) / events.length
    for (const until = records.length * share; next.record < until; next.record++) {
      putRecord.run(...(records[next.record] ?? []))
    }
    for (const until = questions.length * share; next.question < until; next.question++) {
      putQuestion.run(...(questions[next.question] ?? []))
    }
    for (const [id, event] of touched) {
      const row = byId.get(id)
      if (row === undefined) continue
      if (known.has(id))
        update.run(event[7] ?? 0n, event[6] ?? 0n, event[3] ?? 0n, row[6] ?? null, row[9] ?? '[]', id)
      else putActor.run(...row)
      known.add(id)
    }
    db.exec('COMMIT')
  }
  const seconds = (performance.now() - began) / 1000
  db.close()
  return { rate: events.length / seconds }
}
