// Which connections to the file are opened, by which parts, and which stay open.
import assert from 'node:assert/strict'
import { mkdirSync, renameSync, statSync } from 'node:fs'
import { DatabaseSync } from 'node:sqlite'
import { type TestContext, test } from 'node:test'
import { openSqlite } from '../../../src/store/sqlite/open.ts'
import { RulesChangedError, StoreError } from '../../../src/store/store.ts'
import { folder } from '../../e2e/harness.ts'
import { game, person, START } from '../../game/arbitrary.ts'

const KEEP = { fingerprint: 'rules', purpose: 'keep' } as const
const WISH = { kind: 'look-up', did: person(0), at: START } as const

/** A ledger, and the connections that are opened to it. */
function ledger(t: TestContext) {
  const here = folder()
  const path = here.path('ledger.db')
  const used = ['exec', 'prepare'] as const
  const methods = used.map((name) => t.mock.method(DatabaseSync.prototype, name))
  /** The connections that `work` opens and keeps open. */
  const opened = async (work: () => Promise<unknown>): Promise<DatabaseSync[]> => {
    for (const { mock } of methods) mock.resetCalls()
    await work()
    const all = methods.flatMap(({ mock }) => mock.calls.map((call) => call.this as DatabaseSync))
    return [...new Set(all)].filter((db) => db.isOpen && db.location() === path)
  }
  return {
    path,
    opened,
    open: () => openSqlite({ path, reserve: 0 }),
    [Symbol.dispose]: () => here[Symbol.dispose](),
  }
}

const pragma = (db: DatabaseSync | undefined, name: string) =>
  Object.values(db?.prepare(`PRAGMA ${name}`).get() ?? {})[0]

test('readers cannot write, and wait for locks longest; wishes wait for none', async (t) => {
  using here = ledger(t)
  let store = here.open()
  await store[Symbol.asyncDispose]()
  const [reading, ...others] = await here.opened(async () => {
    store = here.open()
  })
  assert.deepEqual(others, [])
  assert.throws(() => reading?.exec('DELETE FROM inbox'), /readonly/)
  assert.deepEqual([pragma(reading, 'busy_timeout'), pragma(reading, 'mmap_size')], [5_000, 2 ** 30])
  const [leaving] = await here.opened(() => store.inbox.leave(WISH))
  assert.deepEqual(
    ['busy_timeout', 'synchronous', 'wal_autocheckpoint'].map((name) => pragma(leaving, name)),
    [0, 1, 0],
  )
  assert.notEqual(leaving, reading)
  // Further wishes need no further connection.
  assert.deepEqual(await here.opened(() => store.inbox.leave(WISH)), [leaving])
  const auditing: DatabaseSync[] = []
  await here.opened(async () => {
    auditing.push(...(await here.opened(() => store.auditor.audit(game.rules, () => {}))))
  })
  assert.deepEqual(auditing, [])
  await store[Symbol.asyncDispose]()
  assert.deepEqual([reading?.isOpen, leaving?.isOpen], [false, false])
  await store[Symbol.asyncDispose]()
})

test('a writer keeps a log of 256 MB, whatever the size of pages, syncs it with the file, and maps no file', async (t) => {
  for (const bytes of [1_024, 8_192]) {
    using here = ledger(t)
    const made = new DatabaseSync(here.path)
    made.exec(`PRAGMA page_size = ${bytes}; PRAGMA journal_mode = WAL; CREATE TABLE t (a); DROP TABLE t`)
    made.close()
    await using store = here.open()
    const kept: AsyncDisposable[] = []
    const [db] = await here.opened(async () => kept.push(await store.write(KEEP)))
    assert.deepEqual(
      ['busy_timeout', 'synchronous', 'cache_size', 'wal_autocheckpoint', 'journal_size_limit'].map((name) =>
        pragma(db, name),
      ),
      [100, 1, -65_536, 2 ** 28 / bytes, 2 ** 28],
    )
    assert.equal(pragma(db, 'mmap_size'), 0)
    for (const writer of kept) await writer[Symbol.asyncDispose]()
    assert.equal(db?.isOpen, false)
  }
})

test('a writer that may not write leaves nothing open, and says by which rules it could', async (t) => {
  using here = ledger(t)
  await using store = here.open()
  await (await store.write(KEEP))[Symbol.asyncDispose]()
  const others = { fingerprint: 'others', purpose: 'keep' } as const
  const left = await here.opened(() =>
    assert.rejects(store.write(others), (error) => {
      assert.ok(error instanceof RulesChangedError)
      assert.match(
        error.message,
        /ledger\.db was awarded by other rules than these\. Run `bsky-rpg recompute` to award all of it again/,
      )
      return true
    }),
  )
  assert.deepEqual(left, [])
  await (await store.write({ ...others, purpose: 'recompute' }))[Symbol.asyncDispose]()
  await assert.rejects(store.write(KEEP), /ledger\.db is half recomputed\. Run `bsky-rpg recompute`/)
})

test('how much room the ledger takes is that of the file and of its log', async (t) => {
  using here = ledger(t)
  await using store = here.open()
  await using writer = await store.write(KEEP)
  await writer.beat({ at: START, lag: 0, host: undefined })
  await writer.recordGap({ host: 'a.test', from: 1, to: 2, reason: 'window', at: START })
  const { bytes } = await store.reader.status()
  const log = statSync(`${here.path}-wal`).size
  assert.ok(log > 0)
  assert.equal(bytes, statSync(here.path).size + log)
})

test('a wish is not left in a file that was moved away, and is once it is back', async (t) => {
  using here = ledger(t)
  await using store = here.open()
  await store.inbox.leave(WISH)
  mkdirSync(`${here.path}.away`)
  renameSync(here.path, `${here.path}.away/ledger.db`)
  await assert.rejects(store.inbox.leave(WISH), (error) => {
    return error instanceof StoreError && /ledger\.db was moved or deleted/.test(error.message)
  })
  renameSync(`${here.path}.away/ledger.db`, here.path)
  await store.inbox.leave(WISH)
  const db = new DatabaseSync(here.path, { readOnly: true })
  assert.equal(db.prepare('SELECT count(*) AS n FROM inbox').get()?.n, 2)
  db.close()
})
