import assert from 'node:assert/strict'
import { DatabaseSync, type SQLInputValue, StatementSync } from 'node:sqlite'
import { test } from 'node:test'
import { NO_CHANGES, rulebook } from '../../../src/game/rulebook.ts'
import { gameInForce } from '../../../src/ingest/rules-in-force.ts'
import { moveSome } from '../../../src/ingest/rules-move.ts'
import { openSqlite } from '../../../src/store/sqlite/open.ts'
import { alice, before, bob, FIRST, fold, like, post, repost } from '../../conformance/operations.ts'
import { folder } from '../../e2e/harness.ts'
import { game, START } from '../../game/arbitrary.ts'
import { recomputeAll } from '../../recompute-all.ts'
import { undoMoves } from './older.ts'

const KEEP = { fingerprint: game.rules.fingerprint, purpose: 'keep' } as const
const generous = rulebook({ ...NO_CHANGES, points: { 'post.text': 80 } })

test('a file from before moves keeps its versions, which its entries name', async () => {
  using here = folder()
  const path = here.path('ledger.db')
  {
    await using store = openSqlite({ path, reserve: 0 })
    {
      await using writer = await store.write(KEEP)
      await fold(writer, [post(alice, 1)])
    }
    await recomputeAll(store, generous.fingerprint, { ...game, rules: generous })
    await using writer = await store.write({ ...KEEP, fingerprint: generous.fingerprint })
    await fold(writer, [post(alice, 2)], undefined, { ...game, rules: generous })
  }
  const db = new DatabaseSync(path)
  undoMoves(db)
  db.close()
  await using store = openSqlite({ path, reserve: 0 })
  const { versions, move, wanted, isHalfRecomputed } = await store.rules.state()
  assert.deepEqual(
    versions.map(({ version, fingerprint, titles, at }) => [version, fingerprint, titles, at]),
    [
      [1, game.rules.fingerprint, undefined, undefined],
      [2, generous.fingerprint, undefined, undefined],
    ],
  )
  assert.deepEqual([move, wanted, isHalfRecomputed], [undefined, undefined, false])
  const entries = (await store.reader.events(alice, FIRST))?.items.map(({ delta, rules }) => [delta, rules])
  assert.deepEqual(entries, [
    [80, 2],
    [30, 2],
    [50, 1],
  ])
})

test('entries cost no byte for their version: a step of a move is one row, and steps without entries are joined', async () => {
  using here = folder()
  const path = here.path('ledger.db')
  await using store = openSqlite({ path, reserve: 0 })
  await using writer = await store.write(KEEP)
  await fold(writer, [like(bob, 1), post(alice, 2), like(alice, 3)])
  await store.rules.leave({ fingerprint: generous.fingerprint, titles: undefined })
  const by = gameInForce(game, await writer.takeUpRules(START))
  while ((await moveSome(by, writer, START, { people: 1, records: 5 })) !== undefined);
  const db = new DatabaseSync(path, { readOnly: true })
  // bob entered nothing, so alice's step begins with the same entry.
  assert.deepEqual(
    db
      .prepare('SELECT version, up_to, first_event FROM moves')
      .all()
      .map((row) => ({ ...row })),
    [{ version: 2, up_to: 2, first_event: 4 }],
  )
  const columns = db.prepare("SELECT name FROM pragma_table_info('events')").all()
  assert.deepEqual(
    columns.map(({ name }) => name),
    ['id', 'actor', 'back', 'at', 'entry', 'rkey', 'delta', 'experience'],
  )
  db.close()
})

test('what the steps of an ended move were about may go, and new entries still name its version', async () => {
  using here = folder()
  await using store = openSqlite({ path: here.path('ledger.db'), reserve: 0 })
  await using writer = await store.write(KEEP)
  await fold(writer, [post(alice, 1)])
  await store.rules.leave({ fingerprint: generous.fingerprint, titles: undefined })
  const moved = gameInForce(game, await writer.takeUpRules(START))
  while ((await moveSome(moved, writer, START, { people: 1, records: 5 })) !== undefined);
  await writer.prune(before(100_000_000), 100)
  // Other rules are taken up, which nobody has been moved to yet.
  await store.rules.leave({ fingerprint: game.rules.fingerprint, titles: undefined })
  const moving = gameInForce(game, await writer.takeUpRules(START))
  await fold(writer, [post(alice, 2)], undefined, moving)
  const entries = (await store.reader.events(alice, FIRST))?.items.map(({ delta, rules }) => [delta, rules])
  assert.deepEqual(entries, [[80, 2]])
})

test('other XP for reposts reads the reposts, and neither likes nor people without reposts', async (t) => {
  using here = folder()
  await using store = openSqlite({ path: here.path('ledger.db'), reserve: 0 })
  await using writer = await store.write(KEEP)
  const likes = Array.from({ length: 200 }, (_, n) => [like(alice, n + 1), like(bob, n + 1)]).flat()
  await fold(writer, [...likes, repost(alice, 300, bob, 1), repost(alice, 301, bob, 2)])
  const { fingerprint } = rulebook({ ...NO_CHANGES, points: { 'repost.text': 51 } })
  await store.rules.leave({ fingerprint, titles: undefined })
  const by = gameInForce(game, await writer.takeUpRules(START))
  let rows = 0
  const { get } = StatementSync.prototype
  t.mock.method(StatementSync.prototype, 'get', function (this: StatementSync, ...params: SQLInputValue[]) {
    const row: unknown = Reflect.apply(get, this, params)
    if (row !== undefined && this.sourceSQL.includes('FROM records')) rows += 1
    return row
  })
  const { all, iterate } = StatementSync.prototype
  t.mock.method(StatementSync.prototype, 'all', function (this: StatementSync, ...params: SQLInputValue[]) {
    const found: unknown[] = Reflect.apply(all, this, params)
    if (this.sourceSQL.includes('FROM records')) rows += found.length
    return found
  })
  t.mock.method(
    StatementSync.prototype,
    'iterate',
    function (this: StatementSync, ...params: SQLInputValue[]) {
      assert.doesNotMatch(this.sourceSQL, /FROM records/)
      return Reflect.apply(iterate, this, params) as never
    },
  )
  const moved = await moveSome(by, writer, START)
  assert.deepEqual(
    moved?.operations.map(({ did }) => did),
    [alice],
  )
  assert.equal(rows, 2)
  assert.equal((await store.reader.character(alice))?.experience, 2_000 + 2 * 51)
})
