import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { DatabaseSync } from 'node:sqlite'
import { test } from 'node:test'
import { openSqlite } from '../../../src/store/sqlite/open.ts'
import { contentOf, restored } from '../../conformance/exports.ts'
import { folder } from '../../e2e/harness.ts'

const text = readFileSync(new URL('../../fixtures/export-v1.jsonl', import.meta.url), 'utf8')

test('a restore that a program from before versions began is ended', async () => {
  using here = folder()
  const path = here.path('ledger.db')
  {
    await using store = openSqlite({ path, reserve: 0 })
    const stop = new Error('stopped')
    const stopped = restored(store, text, ({ line }) => {
      if (line > 8) throw stop
    })
    await assert.rejects(stopped, stop)
  }
  const db = new DatabaseSync(path)
  assert.equal(db.prepare('SELECT count(*) AS n FROM restored_events').get()?.n, 5)
  db.exec('DROP TABLE restored_versions; ALTER TABLE restored_events DROP COLUMN rules')
  db.close()
  await using store = openSqlite({ path, reserve: 0 })
  const end = await restored(store, text)
  assert.deepEqual(await contentOf(store, 1), end)
  const tables = new DatabaseSync(path, { readOnly: true })
  assert.deepEqual(tables.prepare("SELECT name FROM sqlite_schema WHERE name LIKE 'restor%'").all(), [])
  tables.close()
})
