import { mkdtempSync, readFileSync, rmSync, statSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import type { Game } from '../src/game/decide.ts'
import { NO_CHANGES, rulebook } from '../src/game/rulebook.ts'
import { Ledger } from '../src/ingest/ledger.ts'
import { silentObserver, subscribe } from '../src/jetstream/subscribe.ts'
import { openSqlite } from '../src/store/sqlite/open.ts'
import { startFeed } from './feed.ts'
import { type Row, rate } from './table.ts'

/** Events between two readings of the rate. */
const PIECE = 100_000

/** From the socket to committed rows, and beside it the same rows written by a bare loop. */
export async function benchIngest(events = 1_000_000, actors = 200_000): Promise<Row[]> {
  const folder = mkdtempSync(join(tmpdir(), 'bsky-rpg-bench-'))
  try {
    const path = join(folder, 'ledger.db')
    const whole = await wholePath(path, events, actors)
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

async function wholePath(path: string, wanted: number, actors: number) {
  await using feed = await startFeed({ events: wanted, actors, kinds: ['v1'] })
  const rules = rulebook(NO_CHANGES)
  const game: Game = { rules, followed: new Set(rules.collections), baseline: 'off' }
  await using store = openSqlite({ path, reserve: 0 })
  await using writer = await store.write({ fingerprint: rules.fingerprint, purpose: 'keep' })
  const ledger = new Ledger({ game, writer, folded: () => {} })
  const end = new AbortController()
  const stream = subscribe({
    hosts: [`${feed.url}/subscribe`],
    cursor: undefined,
    collections: [],
    dids: undefined,
    compression: 'off',
    v1Dictionary: undefined,
    observer: silentObserver,
    signal: end.signal,
  })
  const times: number[] = []
  let seen = 0
  let peakMiB = 0
  let halfMiB = 0
  let began = 0
  for await (const { events, cursor } of stream) {
    if (began === 0) began = performance.now()
    await ledger.fold(events, cursor)
    seen += events.length
    const memory = anonymousMiB()
    peakMiB = Math.max(peakMiB, memory)
    if (seen < feed.events / 2) halfMiB = memory
    while (times.length < Math.floor(seen / PIECE)) times.push(performance.now())
    if (seen >= feed.events) break
  }
  const seconds = (performance.now() - began) / 1000
  const status = await store.reader.status()
  const pieces = times.map((time, index) => PIECE / ((time - (times[index - 1] ?? began)) / 1000))
  await writer[Symbol.asyncDispose]()
  return {
    events: seen,
    rate: seen / seconds,
    first: pieces[0] ?? 0,
    last: pieces.at(-1) ?? 0,
    ledgerEvents: status.events,
    bytesPerEvent:
      (statSync(path).size + (statSync(`${path}-wal`, { throwIfNoEntry: false })?.size ?? 0)) / status.events,
    peakMiB,
    halfMiB,
  }
}

/** Memory of this process that no file backs, in MiB. */
function anonymousMiB(): number {
  try {
    return Number(/RssAnon:\s+(\d+)/.exec(readFileSync('/proc/self/status', 'utf8'))?.[1]) / 1024
  } catch {
    return process.memoryUsage().rss / 2 ** 20
  }
}

/** Writes the rows of a finished ledger into a new file, in the order in which they came to be, and nothing else. */
function bareLoop(from: string, to: string): { rate: number } {
  const source = new DatabaseSync(from, { readOnly: true })
  const columns = { records: 10, events: 8, actors: 15 }
  const read = (sql: string) => {
    const statement = source.prepare(sql)
    statement.setReadBigInts(true)
    statement.setReturnArrays(true)
    return statement.all() as unknown as (bigint | string | null)[][]
  }
  const events = read('SELECT id, actor, back, at, entry, rkey, delta, experience FROM events ORDER BY id')
  const records = read(
    'SELECT rkey, actor, collection, rev, at, xp, state, prev, subject_actor, subject_rkey FROM records ORDER BY at, rkey',
  )
  const actors = read(
    'SELECT id, did, standing, experience, last_delta, updated_at, rev, floor, status_time, kinds, capped, pruned_xp, period_day, week_xp, month_xp FROM actors ORDER BY id',
  )
  const schema = source
    .prepare(
      "SELECT sql FROM sqlite_schema WHERE name IN ('records', 'events', 'actors', 'board', 'records_by_subject')",
    )
    .all()
  source.close()

  const db = new DatabaseSync(to)
  db.exec(
    'PRAGMA page_size = 8192; PRAGMA journal_mode = WAL; PRAGMA synchronous = NORMAL; PRAGMA cache_size = -65536; PRAGMA mmap_size = 1073741824; PRAGMA wal_autocheckpoint = 4000',
  )
  for (const { sql } of schema) db.exec(String(sql))
  const insert = (table: keyof typeof columns) =>
    db.prepare(`INSERT INTO ${table} VALUES (${Array(columns[table]).fill('?').join(', ')})`)
  const putRecord = insert('records')
  const putEvent = insert('events')
  const putActor = insert('actors')
  const update = db.prepare(
    'UPDATE actors SET experience = ?, last_delta = ?, updated_at = ?, rev = ?, kinds = ? WHERE id = ?',
  )
  const known = new Set<bigint>()
  const byId = new Map(actors.map((row) => [row[0] as bigint, row]))
  const began = performance.now()
  let nextRecord = 0
  for (let at = 0; at < events.length; at += 5_000) {
    db.exec('BEGIN')
    const touched = new Map<bigint, (bigint | string | null)[]>()
    for (const event of events.slice(at, at + 5_000)) {
      putEvent.run(...event)
      touched.set(event[1] as bigint, event)
    }
    const until = Math.floor((records.length * Math.min(events.length, at + 5_000)) / events.length)
    for (; nextRecord < until; nextRecord++) putRecord.run(...(records[nextRecord] ?? []))
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
