import assert from 'node:assert/strict'
import { linkSync, readdirSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs'
import { DatabaseSync } from 'node:sqlite'
import { test } from 'node:test'
import type { Preparation } from '../../../src/store/driver.ts'
import { openSqlite } from '../../../src/store/sqlite/open.ts'
import { APPLICATION_ID, SCHEMA_VERSION } from '../../../src/store/sqlite/schema.ts'
import { StoreBusyError, StoreError } from '../../../src/store/store.ts'
import { folder } from '../../e2e/harness.ts'
import { game } from '../../game/arbitrary.ts'

const KEEP = { fingerprint: 'rules', purpose: 'keep' } as const

async function madeIn(path: string): Promise<void> {
  await using store = openSqlite({ path, reserve: 0 })
  await using _ = await store.write(KEEP)
}

function assertRefused(path: string, preparation: Preparation, told: RegExp): void {
  assert.throws(
    () => openSqlite({ path, reserve: 0, preparation }),
    (error) => error instanceof StoreError && told.test(error.message) && error.message.includes(path),
  )
}

test('who wants a ledger that is there makes none: neither of a missing file nor of an empty one', () => {
  using here = folder()
  const [missing, empty] = [here.path('no/ledger.db'), here.path('empty.db')]
  writeFileSync(empty, '')
  for (const preparation of ['upgrade', 'nothing'] as const) {
    assertRefused(missing, preparation, /is missing: there is no ledger/)
    assertRefused(empty, preparation, /is empty: there is no ledger/)
  }
  assert.deepEqual(readdirSync(here.path('')), ['empty.db'])
  assert.equal(readFileSync(empty).length, 0)
})

test("another program's database is refused whatever is to be done, and not one byte of it changes", () => {
  using here = folder()
  const path = here.path('photos.db')
  for (const marks of [
    '',
    'PRAGMA user_version = 2',
    'PRAGMA application_id = 7; PRAGMA user_version = 99',
  ]) {
    const db = new DatabaseSync(path)
    db.exec(`CREATE TABLE IF NOT EXISTS photos (x); ${marks}`)
    db.close()
    const before = readFileSync(path)
    for (const preparation of ['create', 'upgrade', 'nothing'] as const) {
      assertRefused(path, preparation, /another program's database \(tables: photos\), and is left as it is/)
    }
    assert.deepEqual(readFileSync(path), before)
  }
  assert.deepEqual(readdirSync(here.path('')), ['photos.db'])
})

test('a ledger of an earlier version is read by nobody before it was brought up to date', async () => {
  using here = folder()
  const path = here.path('ledger.db')
  await madeIn(path)
  const db = new DatabaseSync(path)
  // As the first versions made them, which did not say whose they were.
  db.exec(`PRAGMA user_version = ${SCHEMA_VERSION - 1}; PRAGMA application_id = 0`)
  assertRefused(path, 'nothing', new RegExp(`version ${SCHEMA_VERSION - 1}, and this program reads`))
  assert.equal(db.prepare('PRAGMA user_version').get()?.user_version, SCHEMA_VERSION - 1)
  db.exec(`PRAGMA user_version = ${SCHEMA_VERSION}`)
  await using _ = openSqlite({ path, reserve: 0, preparation: 'upgrade' })
  assert.equal(db.prepare('PRAGMA application_id').get()?.application_id, APPLICATION_ID)
  db.close()
})

test('a copy that SQLite made can be looked at, and stays as it is', async () => {
  using here = folder()
  const [path, copy] = [here.path('ledger.db'), here.path('copy.db')]
  await madeIn(path)
  const db = new DatabaseSync(path)
  db.exec(`VACUUM INTO '${copy}'`)
  db.close()
  const before = readFileSync(copy)
  {
    await using store = openSqlite({ path: copy, reserve: 0, preparation: 'nothing' })
    assert.deepEqual((await store.auditor.audit(game.rules, () => {})).findings, [])
  }
  assert.deepEqual(readFileSync(copy), before)
})

test('by another name through a symbolic link it is the same ledger, with the same one writer', async () => {
  using here = folder()
  const [path, alias] = [here.path('ledger.db'), here.path('alias.db')]
  await using store = openSqlite({ path, reserve: 0 })
  await using _ = await store.write(KEEP)
  symlinkSync('ledger.db', alias)
  await using other = openSqlite({ path: alias, reserve: 0 })
  await assert.rejects(other.write(KEEP), StoreBusyError)
})

test('a file with two names of its own is refused: each would have its own log', async () => {
  using here = folder()
  const [path, alias] = [here.path('ledger.db'), here.path('alias.db')]
  await madeIn(path)
  linkSync(path, alias)
  for (const name of [path, alias]) assertRefused(name, 'create', /2 names \(hard links\)/)
})

test('a new ledger is made where it is named, folders and all, with small pages', async () => {
  using here = folder()
  const path = here.path('new/folder/ledger.db')
  await madeIn(path)
  const db = new DatabaseSync(path, { readOnly: true })
  assert.equal(db.prepare('PRAGMA page_size').get()?.page_size, 1_024)
  db.close()
})

test('a place where no file can be is told as such', () => {
  using here = folder()
  writeFileSync(here.path('file'), '')
  for (const name of ['file/ledger.db', '']) {
    assert.throws(
      () => openSqlite({ path: here.path(name), reserve: 0 }),
      (error) => error instanceof StoreError && /cannot be used as a ledger/.test(error.message),
    )
  }
})

test("a database is another program's where only the name of a table is ours; five are named", () => {
  using here = folder()
  const path = here.path('books.db')
  const db = new DatabaseSync(path)
  for (const name of ['a', 'b', 'c', 'rulebooks', 'd', 'e', 'f']) db.exec(`CREATE TABLE ${name} (x)`)
  db.close()
  assertRefused(path, 'create', /another program's database \(tables: a, b, c, rulebooks, d\)/)
})
