// A new ledger's file, which several processes may create at once, and any of them may end meanwhile.
import assert from 'node:assert/strict'
import { once } from 'node:events'
import { DatabaseSync } from 'node:sqlite'
import { type TestContext, test } from 'node:test'
import { Worker } from 'node:worker_threads'
import { isBusy } from '../../../src/store/sqlite/failure.ts'
import { MIGRATIONS } from '../../../src/store/sqlite/migrations.ts'
import { openSqlite } from '../../../src/store/sqlite/open.ts'
import {
  APPLICATION_ID,
  applicationId,
  SCHEMA_VERSION,
  schemaVersion,
} from '../../../src/store/sqlite/schema.ts'
import { useWriteAheadLog } from '../../../src/store/sqlite/write-ahead-log.ts'
import { StoreError } from '../../../src/store/store.ts'
import { folder } from '../../e2e/harness.ts'

/** Calls `before` once, just before any connection prepares a statement that `text` matches. */
function beforePreparing(t: TestContext, text: RegExp, before: () => void): void {
  const { prepare } = DatabaseSync.prototype
  let done = false
  t.mock.method(DatabaseSync.prototype, 'prepare', function (this: DatabaseSync, sql: string) {
    if (!done && text.test(sql)) {
      done = true
      before()
    }
    return prepare.call(this, sql)
  })
}

test('a ledger that another process creates meanwhile is no other program’s database', async (t) => {
  for (const read of [/user_version/, /sqlite_schema/]) {
    using here = folder()
    const path = here.path('ledger.db')
    {
      using begun = new DatabaseSync(path)
      useWriteAheadLog(begun, 0)
    }
    let opened = false
    beforePreparing(t, read, () => {
      openSqlite({ path, reserve: 0 })
      opened = true
    })
    await using store = openSqlite({ path, reserve: 0 })
    assert.ok(opened)
    assert.equal((await store.reader.status()).records, 0)
    t.mock.restoreAll()
  }
})

test('who looks at a file while a ledger is created in it sees it as it was before', (t) => {
  using here = folder()
  const path = here.path('ledger.db')
  {
    using begun = new DatabaseSync(path)
    useWriteAheadLog(begun, 0)
  }
  beforePreparing(t, /sqlite_schema/, () => void openSqlite({ path, reserve: 0 }))
  const look = () => openSqlite({ path, reserve: 0, preparation: 'nothing' })
  assert.throws(
    look,
    (error) => error instanceof StoreError && /is empty: there is no ledger/.test(error.message),
  )
  look()
})

test('a ledger whose creation fails at any step is not there, and is created by the next one', async (t) => {
  for (const sql of MIGRATIONS) {
    using here = folder()
    const path = here.path('ledger.db')
    const { exec } = DatabaseSync.prototype
    t.mock.method(DatabaseSync.prototype, 'exec', function (this: DatabaseSync, text: string) {
      if (text === sql) throw new Error('the process ends here')
      return exec.call(this, text)
    })
    assert.throws(() => openSqlite({ path, reserve: 0 }), /the process ends here/)
    t.mock.restoreAll()
    {
      using left = new DatabaseSync(path, { readOnly: true })
      assert.equal(left.prepare('SELECT count(*) AS tables FROM sqlite_schema').get()?.tables, 0)
      assert.equal(schemaVersion(left), 0)
    }
    assert.throws(() => openSqlite({ path, reserve: 0, preparation: 'nothing' }), /there is no ledger/)
    await using _store = openSqlite({ path, reserve: 0 })
    using created = new DatabaseSync(path, { readOnly: true })
    assert.deepEqual([schemaVersion(created), applicationId(created)], [SCHEMA_VERSION, APPLICATION_ID])
  }
})

test('whoever meets a lock while a log is begun tries again, for as long as they may', async () => {
  using here = folder()
  const path = here.path('new.db')
  const holder = new Worker(
    `const { parentPort, workerData } = require('node:worker_threads')
    const db = new (require('node:sqlite').DatabaseSync)(workerData)
    db.exec('BEGIN EXCLUSIVE; CREATE TABLE t (a)')
    parentPort.on('message', () => setTimeout(() => {
      db.exec('COMMIT')
      db.close()
      process.exit()
    }, 100))
    parentPort.postMessage('locked')`,
    { eval: true, workerData: path },
  )
  await once(holder, 'message')
  using db = new DatabaseSync(path, { timeout: 0 })
  assert.throws(() => useWriteAheadLog(db, 20), isBusy)
  holder.postMessage('let go')
  useWriteAheadLog(db, 20_000)
  assert.equal(db.prepare('PRAGMA journal_mode').get()?.journal_mode, 'wal')
})
