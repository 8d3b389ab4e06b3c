import assert from 'node:assert/strict'
import { DatabaseSync } from 'node:sqlite'
import { type TestContext, test } from 'node:test'
import type { Did } from '../../../src/atproto/event.ts'
import { openSqlite } from '../../../src/store/sqlite/open.ts'
import { StoreBusyError, type WishToLeave } from '../../../src/store/store.ts'
import { folder } from '../../e2e/harness.ts'
import { START } from '../../game/arbitrary.ts'

const wish = (n: number): WishToLeave => ({
  kind: 'look-up',
  did: `did:web:p${n}.example` as Did,
  at: START + n,
})

/** A ledger, and another program's transaction on it that has just begun. */
function locked(t: TestContext) {
  t.mock.timers.enable({ apis: ['setTimeout'] })
  let now = 0
  t.mock.method(performance, 'now', () => now)
  const here = folder()
  const path = here.path('ledger.db')
  const store = openSqlite({ path, reserve: 0 })
  const shell = new DatabaseSync(path)
  shell.exec('BEGIN IMMEDIATE')
  return {
    store,
    shell,
    left: () => shell.prepare('SELECT did FROM inbox ORDER BY id').all().length,
    /** Lets `ms` milliseconds pass. */
    pass: (ms: number) => {
      now += ms
      t.mock.timers.tick(ms)
    },
    [Symbol.asyncDispose]: async () => {
      await store[Symbol.asyncDispose]()
      shell.close()
      here[Symbol.dispose]()
    },
  }
}

const took = (work: () => void): number => {
  const began = process.hrtime.bigint()
  work()
  return Number(process.hrtime.bigint() - began) / 1e6
}

test("a wish is left while another program writes, and its thread never stands still for that program's lock", async (t) => {
  await using here = locked(t)
  let leaving: Promise<void> | undefined
  const took1 = took(() => {
    leaving = here.store.inbox.leave(wish(1))
  })
  // A machine that has more to do may take its time once, or twice; each wait for the lock would take as long again.
  const waits = Array.from({ length: 20 }, () => took(() => here.pass(25)))
  assert.ok(Math.min(took1, ...waits) < 20)
  assert.ok(waits.filter((ms) => ms > 90).length < 10, `milliseconds: ${waits}`)
  here.shell.exec('ROLLBACK')
  here.pass(25)
  await leaving
  assert.equal(here.left(), 1)
})

test('wishes that wait are left together, and none waits for longer than five seconds', async (t) => {
  await using here = locked(t)
  const early = Array.from({ length: 3 }, (_, n) => here.store.inbox.leave(wish(n)))
  const refused = early.map((one) => assert.rejects(one, StoreBusyError))
  here.pass(3_000)
  const late = [3, 4].map((n) => here.store.inbox.leave(wish(n)))
  here.pass(3_000)
  await Promise.all(refused)
  here.shell.exec('ROLLBACK')
  here.pass(25)
  await Promise.all(late)
  assert.equal(here.left(), 2)
})

test('so many may wait, further ones are refused, and the end refuses all', async (t) => {
  await using here = locked(t)
  const waiting = Array.from({ length: 1_000 }, (_, n) => here.store.inbox.leave(wish(n)))
  const refused = waiting.map((one) => assert.rejects(one, /closed before/))
  await assert.rejects(here.store.inbox.leave(wish(1_000)), /1000 wishes wait already/)
  await here.store[Symbol.asyncDispose]()
  await Promise.all(refused)
  await assert.rejects(here.store.inbox.leave(wish(1)), StoreBusyError)
})
