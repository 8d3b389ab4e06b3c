import assert from 'node:assert/strict'
import { existsSync, readFileSync, statSync, writeFileSync } from 'node:fs'
import { DatabaseSync } from 'node:sqlite'
import { test } from 'node:test'
import { openSqlite } from '../../../src/store/sqlite/open.ts'
import { StoreError } from '../../../src/store/store.ts'
import { folder } from '../../e2e/harness.ts'
import { person } from '../../game/arbitrary.ts'

const [alice, bob] = [person(0), person(1)]

test('sessions are in a file of their own, which only its owner may read, once somebody signs in', async () => {
  using here = folder()
  const path = here.path('ledger.db')
  await using store = openSqlite({ path, reserve: 0 })
  assert.equal(existsSync(`${path}.sessions`), false)
  await store.sessions.signIn({ did: alice, id: 'a', until: 100 }, 1)
  for (const suffix of ['', '-wal', '-shm']) {
    assert.equal(statSync(`${path}.sessions${suffix}`).mode & 0o777, 0o600, suffix)
  }
  await store[Symbol.asyncDispose]()
  await assert.rejects(store.sessions.isSignedIn(alice, 'a', 1), /has been closed/)
  await using again = openSqlite({ path, reserve: 0, preparation: 'nothing' })
  assert.equal(await again.sessions.isSignedIn(alice, 'a', 1), true)
})

test("another program's file of that name is refused, and left as it is", async () => {
  using here = folder()
  const path = here.path('ledger.db')
  await using store = openSqlite({ path, reserve: 0 })
  const other = new DatabaseSync(`${path}.sessions`)
  other.exec('CREATE TABLE theirs (a); INSERT INTO theirs VALUES (1)')
  other.close()
  const before = readFileSync(`${path}.sessions`)
  await assert.rejects(store.sessions.isSignedIn(alice, 'a', 1), (error) => {
    assert.ok(error instanceof StoreError)
    assert.match(error.message, /ledger\.db\.sessions is another program's database/)
    return true
  })
  assert.deepEqual(readFileSync(`${path}.sessions`), before)
  writeFileSync(`${path}.sessions`, 'no database at all, and longer than a header'.repeat(50))
  await assert.rejects(store.sessions.isSignedIn(alice, 'a', 1), StoreError)
})

test('what has expired, or was given out, is not in the file any more', async () => {
  using here = folder()
  const path = here.path('ledger.db')
  await using store = openSqlite({ path, reserve: 0 })
  const { sessions } = store
  await sessions.signIn({ did: alice, id: 'expired', until: 100 }, 1)
  await sessions.begin({ id: 'expired', text: 'a secret', until: 100 }, 1)
  await sessions.begin({ id: 'finished', text: 'another', until: 900 }, 1)
  assert.equal(await sessions.finish('finished', 2), 'another')
  await sessions.signIn({ did: bob, id: 'new', until: 900 }, 100)
  await sessions.begin({ id: 'new', text: 'new', until: 900 }, 100)
  await store[Symbol.asyncDispose]()
  const db = new DatabaseSync(`${path}.sessions`, { readOnly: true })
  const ids = (table: string) =>
    db
      .prepare(`SELECT id FROM ${table}`)
      .all()
      .map(({ id }) => id)
  assert.deepEqual([ids('sessions'), ids('pending')], [['new'], ['new']])
  db.close()
  const bytes = readFileSync(`${path}.sessions`)
  for (const secret of ['a secret', 'another']) assert.equal(bytes.includes(secret), false, secret)
})
