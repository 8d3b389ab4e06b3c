import assert from 'node:assert/strict'
import { copyFileSync, renameSync, rmSync } from 'node:fs'
import { DatabaseSync } from 'node:sqlite'
import { test } from 'node:test'
import { openSqlite } from '../../../src/store/sqlite/open.ts'
import { StoreBusyError, StoreError } from '../../../src/store/store.ts'
import { folder } from '../../e2e/harness.ts'
import { START } from '../../game/arbitrary.ts'

const KEEP = { fingerprint: 'rules', purpose: 'keep' } as const
const HEARTBEAT = { at: START, lag: 0, host: undefined }

const FATES: Readonly<Record<string, (file: string) => void>> = {
  moved: (file) => renameSync(file, `${file}.away`),
  deleted: (file) => rmSync(file),
  replaced: (file) => {
    copyFileSync(file, `${file}.copy`)
    renameSync(`${file}.copy`, file)
  },
}

for (const suffix of ['', '-wal', '-shm', '.lock']) {
  for (const [fate, befall] of Object.entries(FATES)) {
    test(`a writer whose ledger.db${suffix} was ${fate} writes nothing more, and says so`, async () => {
      using here = folder()
      const path = here.path('ledger.db')
      const store = openSqlite({ path, reserve: 0 })
      const writer = await store.write(KEEP)
      await writer.beat(HEARTBEAT)
      befall(path + suffix)
      const told = fate === 'replaced' ? /was replaced while/ : /was moved or deleted while/
      const gone = (error: unknown) =>
        error instanceof StoreError && told.test(error.message) && error.message.includes(path + suffix)
      await assert.rejects(writer.beat({ ...HEARTBEAT, at: START + 1 }), gone)
      await assert.rejects(writer.bindRules('others'), gone)
      // Readers do not call it well, either.
      if (suffix === '') await assert.rejects(store.reader.status(), gone)
      await writer[Symbol.asyncDispose]()
      await store[Symbol.asyncDispose]()
    })
  }
}

test('a second writer is refused, too, where the lock beside the file was removed', {
  skip: process.platform !== 'linux' && 'only Linux names sockets by themselves',
}, async () => {
  using here = folder()
  const path = here.path('ledger.db')
  const store = openSqlite({ path, reserve: 0 })
  const writer = await store.write(KEEP)
  rmSync(`${path}.lock`)
  await using other = openSqlite({ path, reserve: 0 })
  await assert.rejects(other.write(KEEP), StoreBusyError)
  await assert.rejects(async () => writer[Symbol.asyncDispose](), /\.lock was moved or deleted/)
  await store[Symbol.asyncDispose]()
  // With the first gone it is free.
  await using _ = await other.write(KEEP)
})

test("a writer waits for another program's lock, says so, and goes on", async (t) => {
  using here = folder()
  const path = here.path('ledger.db')
  const told = Promise.withResolvers<string>()
  await using store = openSqlite({ path, reserve: 0, waiting: told.resolve })
  await using writer = await store.write(KEEP)
  const shell = new DatabaseSync(path)
  shell.exec('BEGIN IMMEDIATE')
  let passed = 0
  t.mock.method(performance, 'now', () => passed)
  const beaten = writer.beat(HEARTBEAT)
  passed = 7_000
  assert.match(await told.promise, /another program has held a write lock on .*ledger\.db for 7 s/)
  shell.exec('ROLLBACK')
  shell.close()
  await beaten
  assert.equal((await store.reader.status()).heartbeat?.at, START)
  const { retries, freeBytes } = writer.measures()
  assert.ok(retries >= 1)
  assert.ok(freeBytes !== undefined && freeBytes > 0)
})

test('the end comes in the middle of such a wait, and says what was not written', async () => {
  using here = folder()
  const path = here.path('ledger.db')
  await using store = openSqlite({ path, reserve: 0 })
  const end = new AbortController()
  await using writer = await store.write({ ...KEEP, signal: end.signal })
  const shell = new DatabaseSync(path)
  shell.exec('BEGIN IMMEDIATE')
  const beaten = writer.beat(HEARTBEAT)
  end.abort()
  await assert.rejects(
    beaten,
    (error) =>
      error instanceof StoreBusyError && /another program holds a lock on .*ledger\.db/.test(error.message),
  )
  shell.close()
})
