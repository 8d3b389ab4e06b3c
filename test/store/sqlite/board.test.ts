import assert from 'node:assert/strict'
import { DatabaseSync, StatementSync } from 'node:sqlite'
import { test } from 'node:test'
import type { Did } from '../../../src/atproto/event.ts'
import { decide } from '../../../src/game/decide.ts'
import type { Operation } from '../../../src/game/operation.ts'
import { touched } from '../../../src/game/touched.ts'
import { openSqlite } from '../../../src/store/sqlite/open.ts'
import type { Reader, Writer } from '../../../src/store/store.ts'
import { folder } from '../../e2e/harness.ts'
import { game, LIKE, START, tid } from '../../game/arbitrary.ts'
import { recomputeAll } from '../../recompute-all.ts'
import { undoGrants } from './older.ts'

const KEEP = { fingerprint: 'rules', purpose: 'keep' } as const
const PEOPLE = 2_500
const did = (n: number): Did => `did:web:p${n}.example`

/** A person's `n`-th like: 10 XP. */
const like = (who: number, n: number): Operation => ({
  kind: 'commit',
  did: did(who),
  at: START + n,
  rev: tid(n),
  op: 'create',
  collection: LIKE,
  rkey: tid(n),
  record: { subject: { uri: 'at://x' } },
})

const status = (who: number, is: 'active' | 'deactivated', n: number): Operation => ({
  kind: 'account',
  did: did(who),
  at: START + n,
  time: START + n,
  status: is,
})

async function fold(writer: Writer, operations: Operation[]): Promise<void> {
  await writer.commit(decide(game, await writer.load(touched(game, operations)), operations), undefined)
}

/** Everybody has one like, person 100 n + 99 has n more, and so on: many equals, and some above them. */
async function fill(writer: Writer): Promise<void> {
  const people = Array.from({ length: PEOPLE }, (_, who) => who)
  await fold(
    writer,
    people.map((who) => like(who, 1)),
  )
  await fold(
    writer,
    people.flatMap((who) => Array.from({ length: who % 7 }, (_, n) => like(who, 2 + n))),
  )
}

async function wholeBoard(reader: Reader) {
  const items = []
  for (let cursor: string | undefined; ; ) {
    const page = await reader.board({ cursor, around: undefined, limit: 100 })
    items.push(...page.items)
    cursor = page.cursor
    if (cursor === undefined) return items
  }
}

/** Asserts that every rank is right and nobody with more XP than the last one is missing. Returns the board's size. */
async function checkBoard(reader: Reader): Promise<number> {
  const items = await wholeBoard(reader)
  const standings = await reader.xpHistogram()
  const above = (experience: number) =>
    standings.reduce((n, one) => n + (one.experience > experience ? one.characters : 0), 0)
  for (const { rank, character } of items) assert.equal(rank, 1 + above(character.experience))
  const last = items.at(-1)?.character.experience ?? 0
  assert.equal(items.filter(({ character }) => character.experience > last).length, above(last))
  assert.equal(new Set(items.map(({ character }) => character.did)).size, items.length)
  return items.length
}

const clean = async (store: ReturnType<typeof openSqlite>) =>
  assert.deepEqual((await store.auditor.audit(game.rules, () => {})).findings, [])

test('a board of more people than it holds ends with the foremost, whose ranks are right', async () => {
  using here = folder()
  await using store = openSqlite({ path: here.path('ledger.db'), reserve: 0 })
  await using writer = await store.write(KEEP)
  await fill(writer)
  const places = await checkBoard(store.reader)
  assert.ok(places >= 1_000 && places <= 2_000, `${places} are on the board`)
  await clean(store)
  // 7 n is among those with the least: below the end there are no neighbours.
  assert.deepEqual(await store.reader.board({ cursor: undefined, around: did(7), limit: 5 }), {
    items: [],
    cursor: undefined,
  })
  // Who earns enough comes onto it at once.
  await fold(
    writer,
    Array.from({ length: 8 }, (_, n) => like(7, 2 + n)),
  )
  const { items } = await store.reader.board({ cursor: undefined, around: did(7), limit: 1 })
  assert.deepEqual(
    items.map(({ rank, character }) => [rank, character.did]),
    [[1, did(7)]],
  )
  await clean(store)
})

test('a board that most have left is filled from all at the next start, and once rules are bound', async () => {
  using here = folder()
  const path = here.path('ledger.db')
  await using store = openSqlite({ path, reserve: 0 })
  const leave = async (writer: Writer, n: number) => {
    const gone = (await wholeBoard(store.reader)).slice(0, -50)
    await fold(
      writer,
      gone.map(({ character }) => status(Number(/\d+/.exec(character.did)?.[0]), 'deactivated', n)),
    )
    assert.equal(await checkBoard(store.reader), 50)
    await clean(store)
  }
  {
    await using writer = await store.write(KEEP)
    await fill(writer)
    await leave(writer, 100)
  }
  {
    await using writer = await store.write(KEEP)
    assert.equal(await checkBoard(store.reader), 1_000)
    await clean(store)
    await leave(writer, 200)
    await writer.bindRules('others')
    const places = await checkBoard(store.reader)
    assert.ok(places > 50)
    await clean(store)
  }
})

test('a file of before the board was cut keeps its pages, and gets the board of its foremost', async () => {
  using here = folder()
  const path = here.path('ledger.db')
  {
    const db = new DatabaseSync(path)
    db.exec('PRAGMA page_size = 8192; PRAGMA journal_mode = WAL; CREATE TABLE t (a); DROP TABLE t')
    db.close()
    await using store = openSqlite({ path, reserve: 0 })
    await using writer = await store.write(KEEP)
    await fill(writer)
  }
  const db = new DatabaseSync(path)
  toVersion6(db)
  db.close()
  await using store = openSqlite({ path, reserve: 0 })
  assert.equal(await checkBoard(store.reader), 1_000)
  await recomputeAll(store, KEEP.fingerprint)
  await clean(store)
  await using writer = await store.write(KEEP)
  await fold(
    writer,
    Array.from({ length: 3 }, (_, n) => like(7, 50 + n)),
  )
  await clean(store)
  assert.equal(new DatabaseSync(path, { readOnly: true }).prepare('PRAGMA page_size').get()?.page_size, 8_192)
})

test('how many hold how much is read in pieces, and others have their turn in between', async () => {
  using here = folder()
  const path = here.path('ledger.db')
  await using store = openSqlite({ path, reserve: 0 })
  const amounts = 12_000
  {
    const db = new DatabaseSync(path)
    db.exec(`WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < ${amounts})
      INSERT INTO standings (experience, characters) SELECT i * 10, 1 + i % 3 FROM n`)
    db.close()
  }
  let turns = 0
  const count = () => {
    turns += 1
    turn = setImmediate(count)
  }
  let turn = setImmediate(count)
  const standings = await store.reader.xpHistogram()
  clearImmediate(turn)
  assert.ok(turns >= 2, `${turns} turns`)
  assert.deepEqual(
    standings,
    Array.from({ length: amounts }, (_, n) => amounts - n).map((i) => ({
      experience: i * 10,
      characters: 1 + (i % 3),
    })),
  )
})

test('pages of one board cost one reading of it, and a commit another', async (t) => {
  using here = folder()
  const path = here.path('ledger.db')
  const all = t.mock.method(StatementSync.prototype, 'all')
  const readings = () =>
    all.mock.calls.filter((call) => /FROM foremost$/.test((call.this as StatementSync).sourceSQL)).length
  await using store = openSqlite({ path, reserve: 0 })
  await using writer = await store.write(KEEP)
  await fill(writer)
  all.mock.resetCalls()
  await wholeBoard(store.reader)
  assert.equal(readings(), 1)
  await fold(
    writer,
    Array.from({ length: 8 }, (_, n) => like(7, 2 + n)),
  )
  all.mock.resetCalls()
  const { items } = await store.reader.board({ cursor: undefined, around: did(7), limit: 1 })
  assert.equal(items[0]?.character.experience, 90)
  assert.equal(readings(), 1)
})

test('a board that somebody changed behind the ledger is found out', async () => {
  using here = folder()
  const path = here.path('ledger.db')
  await using store = openSqlite({ path, reserve: 0 })
  {
    await using writer = await store.write(KEEP)
    await fold(writer, [like(1, 1), like(2, 1), like(3, 1)])
  }
  const db = new DatabaseSync(path)
  db.exec(`DELETE FROM foremost WHERE actor = 1; UPDATE foremost SET experience = 5 WHERE actor = 2;
    INSERT INTO foremost VALUES (9, 1)`)
  db.close()
  const { findings } = await store.auditor.audit(game.rules, () => {})
  assert.deepEqual(
    findings.map(({ what, expected, actual }) => [what, expected, actual]),
    [
      ['experience on the board', 10, 0],
      ['experience on the board', 10, 5],
      ['places on the board without a character', 0, 1],
    ],
  )
})

/** Takes back what later migrations did. */
function toVersion6(db: DatabaseSync): void {
  undoGrants(db)
  // Everybody has been introduced.
  db.exec('INSERT OR IGNORE INTO profiles (actor, asked) SELECT id, 1 FROM actors')
  for (const column of ['profile_rev', 'named_at', 'handle'])
    db.exec(`ALTER TABLE actors DROP COLUMN ${column}`)
  db.exec('ALTER TABLE totals DROP COLUMN introductions; ALTER TABLE waiting DROP COLUMN postponed')
  db.exec(`DROP TABLE foremost; ALTER TABLE totals DROP COLUMN board_above;
    CREATE INDEX board ON actors (experience DESC) WHERE standing = 1; PRAGMA user_version = 6`)
}
