import assert from 'node:assert/strict'
import { closeSync, copyFileSync, existsSync, openSync, writeSync } from 'node:fs'
import { DatabaseSync } from 'node:sqlite'
import { test } from 'node:test'
import type { Cursor, Did } from '../../../src/atproto/event.ts'
import { decide } from '../../../src/game/decide.ts'
import type { Operation } from '../../../src/game/operation.ts'
import { nothingTouched, touched } from '../../../src/game/touched.ts'
import { openSqlite } from '../../../src/store/sqlite/open.ts'
import { StoreError, StoreFullError, type Writer } from '../../../src/store/store.ts'
import { folder } from '../../e2e/harness.ts'
import { FOLLOW, game, LIKE, POST, person, REPOST, START, tid } from '../../game/arbitrary.ts'
import { MemoryLedger } from '../../memory-ledger.ts'
import { slicesOf } from '../../slices.ts'
import { BROKEN, Breakage, contentsOf, writerOn } from './failing-database.ts'

const KEEP = { fingerprint: game.rules.fingerprint, purpose: 'keep' } as const
const [alice, bob, carol, dave] = [person(0), person(1), person(2), person(3)]

function commit(did: Did, n: number, more: Partial<Operation & { kind: 'commit' }> = {}): Operation {
  const made = { op: 'create', collection: POST, rkey: tid(n), record: {} } as const
  return { kind: 'commit', did, at: START + n * 1_000_000, rev: tid(n), ...made, ...more }
}

const repostOf = (author: Did, n: number) => ({
  collection: REPOST,
  record: { subject: { uri: `at://${author}/${POST}/${tid(n)}` } },
})

function profileOf(did: Did, handle: string): Operation {
  const profile = { handle, displayName: 'A Name', avatar: undefined, asked: START }
  const answer = {
    kind: 'profile-answer',
    question: 'profile:1',
    did,
    at: START,
    optedOut: false,
    postsCount: 3,
  }
  return { ...answer, profile } as Operation
}

/** Operations before the batch that fails: people with records of all kinds, profiles and questions. */
const BEFORE: readonly Operation[] = [
  commit(alice, 1),
  commit(alice, 2, { collection: LIKE, record: { subject: { uri: 'at://x' } } }),
  commit(bob, 1),
  commit(bob, 2, repostOf(alice, 1)),
  commit(carol, 1),
  commit(carol, 2, repostOf(bob, 1)),
  profileOf(alice, 'alice.test'),
  profileOf(bob, 'bob.test'),
  profileOf(carol, 'carol.test'),
]

/** A change for every table: a new person, a new collection, edits, deletions, a purge, a handle that moves, a wish. */
const BATCH: readonly Operation[] = [
  commit(dave, 3),
  commit(dave, 4, { collection: FOLLOW, record: { subject: alice } }),
  commit(dave, 5, repostOf(carol, 9)),
  commit(alice, 6, { op: 'update', rkey: tid(1), record: { embed: { $type: 'app.bsky.embed.video' } } }),
  commit(alice, 7, { op: 'delete', collection: LIKE, rkey: tid(2), record: undefined }),
  { kind: 'sync', did: alice, at: START, rev: tid(8) },
  { kind: 'account', did: bob, at: START + 9_000_000, time: START + 9_000_000, status: 'deleted' },
  { kind: 'forget', wish: '1', did: carol, at: START },
  profileOf(dave, 'bob.test'),
]

const AT_FIRST: Cursor = { host: 'a.test', wire: 'v2', value: 1, at: START }
const AT_LAST: Cursor = { host: 'a.test', wire: 'v2', value: 2, at: START + 1 }

async function fold(writer: Writer, operations: readonly Operation[], cursor: Cursor): Promise<void> {
  await writer.commit(decide(game, await writer.load(touched(game, operations)), operations), cursor)
}

/** A ledger with the operations before, a wish in its inbox, and a connection to it. */
async function ledgerIn(path: string): Promise<DatabaseSync> {
  await using store = openSqlite({ path, reserve: 0 })
  await store.inbox.leave({ kind: 'forget', did: carol, at: START })
  await using writer = await store.write(KEEP)
  await fold(writer, BEFORE, AT_FIRST)
  return new DatabaseSync(path)
}

async function assertIsRight(path: string): Promise<void> {
  const expected = new MemoryLedger()
  expected.fold(game, BEFORE)
  expected.fold(game, BATCH)
  await using store = openSqlite({ path, reserve: 0 })
  assert.deepEqual((await store.auditor.audit(game.rules, () => {})).findings, [])
  await using writer = await store.write(KEEP)
  const dids = new Set(expected.actors.keys())
  const known = await writer.load({ ...nothingTouched(), actors: dids, whole: dids })
  const records = (did: Did, from: { records(did: Did): Iterable<readonly [unknown, unknown]> }) =>
    new Map([...from.records(did)].map(([id, state]) => [JSON.stringify(id, ['collection', 'rkey']), state]))
  for (const did of dids) {
    assert.deepEqual(known.actor(did)?.experience, expected.actor(did)?.experience, did)
    assert.deepEqual(known.actor(did)?.status, expected.actor(did)?.status, did)
    assert.deepEqual(records(did, known), records(did, expected), did)
  }
  assert.deepEqual(await writer.cursor(), AT_LAST)
  assert.deepEqual(await writer.wishes(10), [])
  // The profiles of who was deleted and forgotten are gone, and the handle is its new owner's.
  assert.equal(await store.reader.didOf('bob.test'), dave)
  assert.equal(await store.reader.didOf('carol.test'), undefined)
  const db = new DatabaseSync(path, { readOnly: true })
  const named = db.prepare('SELECT did FROM profiles JOIN actors ON actors.id = actor ORDER BY did').all()
  db.close()
  assert.deepEqual(
    named.map(({ did }) => did),
    [alice, dave],
  )
}

/** Breaks one statement after the other until none is left to break. @returns how many there were */
async function breakEach(foldBatch: (writer: Writer) => Promise<unknown>): Promise<number> {
  using here = folder()
  const path = here.path('ledger.db')
  const db = await ledgerIn(path)
  const before = contentsOf(db)
  let statements = 0
  for (; ; statements++) {
    const breakage = new Breakage()
    const connection = new DatabaseSync(path)
    const writer = writerOn(connection, path, breakage)
    const killed = here.path(`killed-${statements}.db`)
    breakage.failAfter(statements, () => {
      for (const suffix of ['', '-wal']) {
        if (existsSync(path + suffix)) copyFileSync(path + suffix, killed + suffix)
      }
    })
    const done = await foldBatch(writer).then(
      () => true,
      (error) => {
        assert.equal(error.message, BROKEN)
        return false
      },
    )
    if (done) {
      breakage.never()
      await writer[Symbol.asyncDispose]()
      break
    }
    for (const again of [
      () => fold(writer, [commit(alice, 20)], AT_LAST),
      () => writer.beat({ at: START, lag: 0, host: undefined }),
      () => writer.bindRules('others'),
    ]) {
      await assert.rejects(again, { message: BROKEN })
    }
    await writer[Symbol.asyncDispose]()
    assert.deepEqual(contentsOf(db), before, `after statement ${statements}`)
    // The process may also have died there.
    const dead = new DatabaseSync(killed)
    assert.deepEqual(contentsOf(dead), before, `killed at statement ${statements}`)
    dead.close()
  }
  db.close()
  await assertIsRight(path)
  return statements
}

test('whichever statement of a commit fails, the file is as before, the writer is of no more use, and a replay is right', async () => {
  const statements = await breakEach((writer) => fold(writer, BATCH, AT_LAST))
  assert.ok(statements > 30, `${statements} statements, COMMIT among them`)
})

test('of a batch that is folded in slices, nothing is left either', async () => {
  const whole = BATCH.length
  for (const atOnce of [1, 3, whole]) {
    const statements = await breakEach((writer) => {
      const { sliced } = writer
      assert.ok(sliced)
      return sliced.fold(slicesOf(game, BATCH, atOnce), AT_LAST)
    })
    assert.ok(statements > 30, `${statements} statements in slices of ${atOnce}`)
  }
})

test('whatever else a writer cannot write ends it, too, and leaves nothing by half', async () => {
  using here = folder()
  const path = here.path('ledger.db')
  const db = await ledgerIn(path)
  const before = contentsOf(db)
  const writes: ((writer: Writer) => Promise<unknown>)[] = [
    (writer) => writer.prune({ before: START + 100_000_000, now: START + 100_000_000 }, 3),
    (writer) => writer.bindRules('others'),
    (writer) => writer.recordGap({ host: 'a.test', from: 1, to: 2, reason: 'window', at: START }),
    (writer) => writer.beat({ at: START, lag: 0, host: undefined }),
    (writer) => writer.recordSample({ at: START, networkBytes: 1 }),
  ]
  for (const write of writes) {
    for (let statements = 0; ; statements++) {
      const breakage = new Breakage()
      const writer = writerOn(new DatabaseSync(path), path, breakage)
      breakage.failAfter(statements, () => {})
      const error = await write(writer).then(
        () => undefined,
        (error: Error) => error,
      )
      if (error === undefined) {
        assert.ok(breakage.isPending && statements > 1, `${write} has statements that fail`)
        await writer[Symbol.asyncDispose]()
        break
      }
      assert.equal(error.message, BROKEN)
      await assert.rejects(fold(writer, BATCH, AT_LAST), (again) => again === error)
      await writer[Symbol.asyncDispose]()
      assert.deepEqual(contentsOf(db), before)
    }
    for (const [table, rows] of Object.entries(contentsOf(db))) before[table] = rows
  }
  db.close()
})

test('a disk without room is told as such, and what was committed is all there', async () => {
  using here = folder()
  const path = here.path('ledger.db')
  const db = await ledgerIn(path)
  const before = contentsOf(db)
  const connection = new DatabaseSync(path)
  const { page_count: pages } = connection.prepare('PRAGMA page_count').get() ?? {}
  connection.exec(`PRAGMA max_page_count = ${Number(pages)}`)
  const writer = writerOn(connection, path, new Breakage())
  const many = Array.from({ length: 2_000 }, (_, n) => commit(alice, 30 + n))
  const full = (error: unknown) =>
    error instanceof StoreFullError &&
    /^disk full: .*ledger\.db.* Make room and start again/.test(error.message)
  await assert.rejects(fold(writer, many, AT_LAST), full)
  await assert.rejects(fold(writer, BATCH, AT_LAST), full)
  await writer[Symbol.asyncDispose]()
  assert.deepEqual(contentsOf(db), before)
  db.close()
})

test('a ledger whose pages are damaged is told as such', async () => {
  using here = folder()
  const path = here.path('ledger.db')
  const db = await ledgerIn(path)
  const bytes = Number(db.prepare('PRAGMA page_size').get()?.page_size)
  const pages = Number(db.prepare('PRAGMA page_count').get()?.page_count)
  db.close()
  const file = openSync(path, 'r+')
  // The first page says what kind of file it is and what is where.
  writeSync(file, Buffer.alloc(bytes * (pages - 1), 'x'), 0, undefined, bytes)
  closeSync(file)
  assert.throws(
    () => openSqlite({ path, reserve: 0 }),
    (error) => error instanceof StoreError && /ledger\.db is damaged.*backup/.test(error.message),
  )
})
