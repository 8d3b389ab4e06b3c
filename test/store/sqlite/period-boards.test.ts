// Boards of weeks and months in a file: more people than they hold, restarts, and rows that somebody changed.
import assert from 'node:assert/strict'
import { DatabaseSync } from 'node:sqlite'
import { test } from 'node:test'
import type { Did } from '../../../src/atproto/event.ts'
import { BOARD_KINDS, periodOf } from '../../../src/game/boards.ts'
import type { Operation } from '../../../src/game/operation.ts'
import { openSqlite } from '../../../src/store/sqlite/open.ts'
import type { Placed, Reader } from '../../../src/store/store.ts'
import { fold } from '../../conformance/operations.ts'
import { folder } from '../../e2e/harness.ts'
import { game, POST, START, tid } from '../../game/arbitrary.ts'
import { recomputeAll } from '../../recompute-all.ts'

const KEEP = { fingerprint: game.rules.fingerprint, purpose: 'keep' } as const
const PEOPLE = 2_500
const TODAY = Math.floor(START / 86_400_000_000)
const did = (n: number): Did => `did:web:p${n}.example`

/** A person's `n`-th post, on a day counted from the first. */
const post = (who: number, n: number, day: number): Operation => ({
  kind: 'commit',
  did: did(who),
  at: START + n + day * 86_400_000_000,
  rev: tid(n),
  op: 'create',
  collection: POST,
  rkey: tid(n),
  record: { embed: { $type: 'app.bsky.embed.images', images: [{ alt: 'a cat' }] } },
})

const status = (who: number, is: 'active' | 'deactivated', n: number): Operation => ({
  kind: 'account',
  did: did(who),
  at: START + n,
  time: START + n,
  status: is,
})

/** The number of posts of person `n`: many have as many as others. */
const postsOf = (who: number) => 1 + (who % 7)

const FIRST_MONTH = Array.from({ length: PEOPLE }, (_, who) =>
  Array.from({ length: postsOf(who) }, (_, n) => post(who, 1 + n, 0)),
).flat()

async function wholeBoard(
  reader: Reader,
  kind: (typeof BOARD_KINDS)[number],
  day: number,
): Promise<Placed[]> {
  const items: Placed[] = []
  for (let cursor: string | undefined; ; ) {
    const page = await reader.periodBoard(
      { kind, period: periodOf(kind, TODAY + day) },
      { cursor, around: undefined, limit: 100 },
    )
    items.push(...(page?.items ?? []))
    cursor = page?.cursor
    if (cursor === undefined) return items
  }
}

const clean = async (store: ReturnType<typeof openSqlite>) =>
  assert.deepEqual((await store.auditor.audit(game.rules, () => {})).findings, [])

test('a board that runs holds up to a thousand people, and five hundred when it is over', async () => {
  using here = folder()
  await using store = openSqlite({ path: here.path('ledger.db'), reserve: 0 })
  await using writer = await store.write(KEEP)
  await fold(writer, FIRST_MONTH)
  for (const kind of BOARD_KINDS) {
    const board = await wholeBoard(store.reader, kind, 0)
    assert.ok(board.length >= 500 && board.length <= 1_000, `${board.length} are on the board`)
    // Of those with seven posts there are 357, of those with six as many.
    assert.deepEqual([board[0]?.rank, board[356]?.rank, board[357]?.rank], [1, 1, 358])
    assert.equal(board[0]?.earned, kind === 'described' ? 7 : 490)
  }
  await clean(store)
  await fold(writer, [post(1, 100, 40)])
  for (const kind of BOARD_KINDS) {
    assert.equal((await wholeBoard(store.reader, kind, 0)).length, 500)
    assert.deepEqual(
      (await wholeBoard(store.reader, kind, 40)).map(({ earned }) => earned),
      [kind === 'described' ? 1 : 70],
    )
  }
  await clean(store)
})

test('a board of the past that most have left is filled from the days of all at the next start', async () => {
  using here = folder()
  const path = here.path('ledger.db')
  await using store = openSqlite({ path, reserve: 0 })
  {
    await using writer = await store.write(KEEP)
    await fold(writer, FIRST_MONTH)
    await fold(writer, [post(1, 100, 40), post(2, 101, 41)])
    const gone = (await wholeBoard(store.reader, 'week', 0)).slice(0, 400)
    await fold(
      writer,
      gone.map(({ character }) => status(Number(/\d+/.exec(character.did)?.[0]), 'deactivated', 200)),
    )
    assert.equal((await wholeBoard(store.reader, 'week', 0)).length, 100)
    await clean(store)
  }
  await using writer = await store.write(KEEP)
  for (const kind of BOARD_KINDS) {
    const board = await wholeBoard(store.reader, kind, 0)
    assert.equal(board.length, 500, kind)
    assert.ok(board.every(({ earned }) => earned >= (kind === 'described' ? 5 : 350)))
  }
  await clean(store)
  await fold(writer, [status(6, 'active', 300), post(6, 102, 0)])
  await clean(store)
})

test('a ledger that has lost its boards gets all of them back by a recompute', async () => {
  using here = folder()
  const path = here.path('ledger.db')
  await using store = openSqlite({ path, reserve: 0 })
  {
    await using writer = await store.write(KEEP)
    await fold(writer, [post(1, 1, 0), post(2, 1, 0), post(2, 2, 9), post(1, 3, 40), post(3, 1, 41)])
  }
  const read = async () => {
    const days = [0, 9, 40]
    const boards = await Promise.all(
      BOARD_KINDS.flatMap((kind) => days.map((day) => wholeBoard(store.reader, kind, day))),
    )
    return boards.map((board) => board.map(({ rank, earned, character }) => [rank, earned, character.did]))
  }
  const before = await read()
  const db = new DatabaseSync(path)
  db.exec('DELETE FROM boards; DELETE FROM places; DELETE FROM running')
  db.close()
  assert.deepEqual((await read()).flat(), [])
  await recomputeAll(store, game.rules.fingerprint)
  assert.deepEqual(await read(), before)
  await clean(store)
})

test('boards that somebody changed behind the ledger are found out', async () => {
  using here = folder()
  const path = here.path('ledger.db')
  await using store = openSqlite({ path, reserve: 0 })
  {
    await using writer = await store.write(KEEP)
    await fold(writer, [post(1, 1, 0), post(2, 1, 0), post(3, 1, 40)])
  }
  const changed = async (sql: string, back: string) => {
    const db = new DatabaseSync(path)
    db.exec(sql)
    const { findings } = await store.auditor.audit(game.rules, () => {})
    db.exec(back)
    db.close()
    await clean(store)
    return findings.map(({ did, what, expected, actual }) => [did, what, expected, actual])
  }
  const week = `(SELECT min(id) FROM boards WHERE kind = 'week')`
  assert.deepEqual(
    await changed(
      `UPDATE places SET earned = 60 WHERE board = ${week} AND actor = 1`,
      'UPDATE places SET earned = 70 WHERE earned = 60',
    ),
    [[did(1), 'place on the board of week 2025-W24', 70, 60]],
  )
  assert.deepEqual(
    await changed('UPDATE running SET boards = boards - 4', 'UPDATE running SET boards = boards + 4'),
    [[did(3), 'place on the board of described 2025-07', 1, 0]],
  )
  assert.deepEqual(
    await changed('INSERT INTO running VALUES (99, 1), (1, 1)', 'DELETE FROM running WHERE actor IN (1, 99)'),
    [[did(1), 'place on the board of week 2025-W30', 0, 70]],
  )
  assert.deepEqual(
    await changed(`INSERT INTO places SELECT ${week}, 77, 5`, 'DELETE FROM places WHERE actor = 77'),
    [[undefined, 'people without a row on boards of periods', 0, 1]],
  )
  assert.deepEqual(
    await changed(
      'UPDATE actors SET described = 3 WHERE id = 3',
      'UPDATE actors SET described = 1 WHERE id = 3',
    ),
    [
      [did(3), 'described posts of the month', 1, 3],
      [did(3), 'place on the board of described 2025-07', 1, 3],
    ],
  )
})
