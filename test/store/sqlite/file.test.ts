import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { writeFileSync } from 'node:fs'
import { DatabaseSync } from 'node:sqlite'
import { test } from 'node:test'
import { decide } from '../../../src/game/decide.ts'
import { openSqlite } from '../../../src/store/sqlite/open.ts'
import { SCHEMA_VERSION } from '../../../src/store/sqlite/schema.ts'
import { StoreBusyError, StoreError, StoreFullError } from '../../../src/store/store.ts'
import { folder } from '../../e2e/harness.ts'
import { game } from '../../game/arbitrary.ts'

const KEEP = { fingerprint: 'rules', purpose: 'keep' } as const
const OPEN = new URL('../../../src/store/sqlite/open.ts', import.meta.url).href

test('a file of a newer program is refused, and left as it is', () => {
  using here = folder()
  const path = here.path('ledger.db')
  const db = new DatabaseSync(path)
  db.exec(`PRAGMA user_version = ${SCHEMA_VERSION + 1}`)
  db.close()
  assert.throws(
    () => openSqlite({ path, reserve: 0 }),
    (error) => error instanceof StoreError && /newer/.test(error.message),
  )
  assert.equal(new DatabaseSync(path).prepare('PRAGMA user_version').get()?.user_version, SCHEMA_VERSION + 1)
})

test('a file that is no database is refused with its name', () => {
  using here = folder()
  const path = here.path('ledger.db')
  writeFileSync(path, 'these are not the pages you are looking for'.repeat(500))
  assert.throws(
    () => openSqlite({ path, reserve: 0 }),
    (error) => error instanceof StoreError && error.message.includes(path),
  )
})

test('a writer that is killed gives the ledger back at once', async () => {
  using here = folder()
  const path = here.path('ledger.db')
  const holds = `const { openSqlite } = await import(${JSON.stringify(OPEN)})
    await openSqlite({ path: ${JSON.stringify(path)}, reserve: 0 }).write({ fingerprint: 'rules', purpose: 'keep' })
    console.log('held'); setInterval(() => {}, 1000)`
  const child = spawn(process.execPath, ['--input-type=module', '-e', holds], {
    stdio: ['ignore', 'pipe', 'inherit'],
  })
  await once(child.stdout, 'data')
  await using store = openSqlite({ path, reserve: 0 })
  await assert.rejects(store.write(KEEP), StoreBusyError)
  child.kill('SIGKILL')
  await once(child, 'close')
  await using writer = await store.write(KEEP)
  assert.equal(await writer.cursor(), undefined)
})

test('nothing is written when the disk would be left with less than its reserve', async () => {
  using here = folder()
  let free = 1_000
  await using store = openSqlite({ path: here.path('ledger.db'), reserve: 500, freeBytes: () => free })
  await using writer = await store.write(KEEP)
  const nothing = decide(game, { actor: () => undefined, record: () => undefined, records: () => [] }, [])
  const cursor = { host: 'a.test', wire: 'v1', value: 1, at: 1 } as const
  await writer.commit(nothing, cursor)
  free = 499
  await assert.rejects(writer.commit(nothing, { ...cursor, value: 2 }), StoreFullError)
  assert.deepEqual(await writer.cursor(), cursor)
})

test('a damaged ledger is found out: what was changed behind its back, by whom and by how much', async () => {
  using here = folder()
  const path = here.path('ledger.db')
  await using store = openSqlite({ path, reserve: 0 })
  const db = new DatabaseSync(path)
  db.exec(`INSERT INTO actors VALUES (1, 'did:web:a.example', 1, 70, 70, 1, NULL, NULL, 0, '', NULL, 0)`)
  db.exec('UPDATE totals SET next_actor = 2')
  db.close()
  const { findings } = await store.auditor.audit(() => {})
  const mine = findings
    .filter(({ did }) => did === 'did:web:a.example')
    .map(({ what, expected, actual }) => [what, expected, actual])
  assert.deepEqual(mine, [
    ['experience by records', 0, 70],
    ['experience by events', 0, 70],
  ])
  assert.deepEqual(
    findings.filter(({ did }) => did === undefined).map(({ what }) => what),
    ['total of experience', 'total of shown characters', 'characters with 70 XP'],
  )
})
