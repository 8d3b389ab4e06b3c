// The stored form of days: counts by reason, and what the rows of a person and of a day have.
import assert from 'node:assert/strict'
import { DatabaseSync } from 'node:sqlite'
import { test } from 'node:test'
import { decide } from '../../../src/game/decide.ts'
import { touched } from '../../../src/game/touched.ts'
import { markOf, readCounts, readSum, writeCounts } from '../../../src/store/sqlite/counts.ts'
import { openSqlite } from '../../../src/store/sqlite/open.ts'
import { folder } from '../../e2e/harness.ts'
import { game } from '../../game/arbitrary.ts'
import { commit, DESCRIBED, like } from '../../game/operations.ts'

const REASONS = ['post.text', 'like']
const idOf = (reason: string) => REASONS.indexOf(reason) + 1
const reasonOf = (id: number) => REASONS[id - 1] ?? assert.fail(String(id))

test('counts are written as pairs of small numbers, and come back', () => {
  for (const [counts, text] of [
    [new Map(), ''],
    [new Map([['like', 1]]), '2:1'],
    [
      new Map([
        ['like', 12],
        ['post.text', 3_456],
      ]),
      '2:12 1:3456',
    ],
  ] as const) {
    assert.equal(writeCounts(counts, idOf), text)
    assert.deepEqual(readCounts(text, reasonOf), counts)
  }
})

test('two columns of counts are added up, whichever reasons they have', () => {
  for (const [a, b, sum] of [
    ['', '', {}],
    ['2:12', '', { like: 12 }],
    ['', '1:3', { 'post.text': 3 }],
    ['2:12 1:3456', '1:4 2:30', { like: 42, 'post.text': 3_460 }],
  ] as const)
    assert.deepEqual(readSum(a, b, reasonOf), new Map(Object.entries(sum)))
})

test('other counts have another mark', () => {
  const marks = ['', '1:1', '1:2', '2:1', '1:1 2:1', '2:1 1:1'].map(markOf)
  assert.equal(new Set(marks).size, marks.length)
})

test('a day is a short row, and the running one is in its person', async () => {
  using here = folder()
  const path = here.path('ledger.db')
  await using store = openSqlite({ path, reserve: 0 })
  await using writer = await store.write({ fingerprint: 'rules', purpose: 'keep' })
  const late = { at: like(9).at + 86_400_000_000 }
  for (const operations of [[commit({ n: 1, record: DESCRIBED }), like(2), like(3)], [like(4, late)]])
    await writer.commit(decide(game, await writer.load(touched(game, operations)), operations), undefined)
  const db = new DatabaseSync(path, { readOnly: true })
  const row = (sql: string) => ({ ...db.prepare(sql).get() })
  assert.deepEqual(row('SELECT * FROM days'), {
    actor: 1,
    day: 20_254,
    experience: 90,
    claimed: 0,
    counts: '1:1 2:2',
  })
  assert.deepEqual(
    row('SELECT running_day, running_xp, running_claimed, running_counts, earlier_counts FROM actors'),
    {
      running_day: 20_255,
      running_xp: 10,
      running_claimed: 0,
      running_counts: '2:1',
      earlier_counts: '1:1 2:2',
    },
  )
  assert.deepEqual(row('SELECT day, day_counts FROM totals'), { day: 20_255, day_counts: '2:1' })
  assert.deepEqual(
    db
      .prepare('SELECT reason FROM reasons ORDER BY id')
      .all()
      .map(({ reason }) => reason),
    ['post.alt', 'like'],
  )
  db.close()
})
