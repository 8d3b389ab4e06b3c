// People's rows, of which a bounded number is cached.
import assert from 'node:assert/strict'
import { DatabaseSync } from 'node:sqlite'
import { test } from 'node:test'
import type { Did } from '../../../src/atproto/event.ts'
import { Names } from '../../../src/store/sqlite/names.ts'
import { People } from '../../../src/store/sqlite/people.ts'
import { migrate } from '../../../src/store/sqlite/schema.ts'
import { StoreError } from '../../../src/store/store.ts'

const did = (n: number): Did => `did:web:p${n}.example`

function people() {
  const db = new DatabaseSync(':memory:')
  migrate(db)
  return { db, people: new People(db, new Names(db), 1) }
}

test('somebody is the same row, however many come between, and is found again when they were let go', () => {
  const { people: rows } = people()
  assert.equal(rows.find(did(0)), undefined)
  const first = rows.row(did(0))
  for (let n = 1; n < 25_000; n++) rows.row(did(n))
  // Not in the file yet: what is held is all there is.
  rows.row(did(25_000))
  assert.equal(rows.find(did(0)), first)
  assert.equal(rows.idOf(did(0)), 1)
  for (let n = 25_001; n < 80_000; n++) rows.row(did(n))
  const again = rows.find(did(0))
  assert.notEqual(again, first)
  assert.deepEqual([again?.id, again?.state, again?.stored], [1, first.state, true])
  assert.equal(rows.nextId, 80_001)
})

test('who is looked for in vain is looked for in the file once', () => {
  const { db, people: rows } = people()
  assert.equal(rows.find(did(0)), undefined)
  const insert = db.prepare(
    `INSERT INTO actors (id, did, standing, experience, last_delta, updated_at, status_time, kinds, pruned_xp)
       VALUES (7, ?, 0, 0, 0, 0, 0, '', 0)`,
  )
  insert.run(did(0))
  assert.equal(rows.find(did(0)), undefined, 'nobody else writes')
  // So many are remembered, and then none of them.
  for (let n = 1; n <= 50_000; n++) rows.find(did(n))
  assert.equal(rows.find(did(0))?.id, 7)
})

test('somebody who is named and not there is damage', () => {
  const { people: rows } = people()
  assert.equal(rows.didOf(rows.idOf(did(3))), did(3))
  assert.throws(
    () => rows.didOf(9),
    (error) => error instanceof StoreError && /names person 9/.test(error.message),
  )
})
