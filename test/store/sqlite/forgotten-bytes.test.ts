import assert from 'node:assert/strict'
import { copyFileSync, existsSync, readFileSync } from 'node:fs'
import { DatabaseSync } from 'node:sqlite'
import { type TestContext, test } from 'node:test'
import { decide } from '../../../src/game/decide.ts'
import type { Operation } from '../../../src/game/operation.ts'
import { touched } from '../../../src/game/touched.ts'
import { openSqlite } from '../../../src/store/sqlite/open.ts'
import { folder } from '../../e2e/harness.ts'
import { game, POST, person, START, tid } from '../../game/arbitrary.ts'

const NAMES = ['once-called', 'A Former Name', 'forget-me', 'Forget Me Please']
const FIVE_MINUTES_MS = 300_000

test('of somebody who is forgotten no name stays in any byte of the files', async (t) => {
  await using ledger = await named(t)
  await ledger.fold({ kind: 'forget', wish: '1', did: person(0), at: START })
  assert.deepEqual(ledger.namesLeft(), [])
})

test('of an account that is deleted no name stays in the file, nor in its log for more than five minutes', async (t) => {
  await using ledger = await named(t)
  await ledger.fold({ kind: 'account', did: person(0), at: START, time: START, status: 'deleted' })
  assert.deepEqual(ledger.namesLeft(), NAMES)
  // Emptying the log for each of them would write all that waits in it to the disk.
  await ledger.pass(FIVE_MINUTES_MS - 1_000)
  assert.deepEqual(ledger.namesLeft(), NAMES)
  // One that is deleted later does not put it off.
  await ledger.fold({ kind: 'account', did: person(1), at: START, time: START, status: 'deleted' })
  await ledger.pass(1_000)
  assert.deepEqual(ledger.namesLeft(), [])
})

test('what was deleted before a writer was killed is erased by the next one at once', async (t) => {
  await using ledger = await named(t)
  await ledger.fold({ kind: 'account', did: person(0), at: START, time: START, status: 'deleted' })
  // As a killed writer leaves them: the log is still there.
  await using heir = await ledger.copied()
  await heir.beat()
  assert.deepEqual(heir.namesLeft(), [])
})

test('freed pages are overwritten by the commits that erase something, and by nothing after them', async (t) => {
  await using ledger = await named(t)
  const exec = t.mock.method(DatabaseSync.prototype, 'exec')
  const settings = (): unknown[] => {
    const set = exec.mock.calls.flatMap(
      ({ arguments: [sql] }) => /secure_delete = (\w+)/.exec(sql)?.[1] ?? [],
    )
    exec.mock.resetCalls()
    return set
  }
  const identity = { kind: 'identity', did: person(0), at: START + 1, handle: undefined } as const
  const deletion = { kind: 'account', did: person(0), at: START, time: START, status: 'deleted' } as const
  const forget = { kind: 'forget', wish: '1', did: person(1), at: START } as const
  for (const operation of [identity, deletion, forget]) {
    await ledger.fold(operation)
    assert.deepEqual(settings(), ['FAST', 'ON'], operation.kind)
    await ledger.pass(1_000)
    assert.deepEqual(settings(), ['FAST'])
  }
})

/** A ledger with two people, the first of whom has had two names. */
async function named(t: TestContext) {
  const here = folder()
  const path = here.path('ledger.db')
  const { store, writer, beat } = await opened(path)
  let now = performance.now()
  t.mock.method(performance, 'now', () => now)
  const fold = async (...operations: Operation[]) =>
    writer.commit(decide(game, await writer.load(touched(game, operations)), operations), undefined)
  for (const did of [person(0), person(1)]) {
    const commit = { kind: 'commit', did, at: START, rev: tid(1), op: 'create', collection: POST } as const
    await fold({ ...commit, rkey: tid(1), record: {} })
  }
  const answer = { kind: 'profile-answer', question: 'profile:1', at: START, optedOut: false, postsCount: 1 }
  const called = (handle: string, displayName: string) => {
    const profile = { handle, displayName, avatar: undefined, asked: START }
    return { ...answer, did: person(0), profile } as Operation
  }
  await fold(called('once-called.example', 'A Former Name'))
  await fold(called('forget-me.example', 'Forget Me Please'))
  const namesLeft = () => namesIn(path)
  assert.deepEqual(namesLeft(), NAMES)
  return {
    fold,
    namesLeft,
    pass: async (ms: number) => {
      now += ms
      await beat()
    },
    copied: async () => {
      const copy = here.path('copy.db')
      for (const suffix of ['', '-wal']) copyFileSync(path + suffix, copy + suffix)
      assert.deepEqual(namesIn(copy), NAMES)
      const heir = await opened(copy)
      return {
        beat: heir.beat,
        namesLeft: () => namesIn(copy),
        [Symbol.asyncDispose]: async () => {
          await heir.writer[Symbol.asyncDispose]()
          await heir.store[Symbol.asyncDispose]()
        },
      }
    },
    [Symbol.asyncDispose]: async () => {
      await writer[Symbol.asyncDispose]()
      await store[Symbol.asyncDispose]()
      here[Symbol.dispose]()
    },
  }
}

async function opened(path: string) {
  const store = openSqlite({ path, reserve: 0 })
  const writer = await store.write({ fingerprint: 'rules', purpose: 'keep' })
  return { store, writer, beat: () => writer.beat({ at: START, lag: 0, host: undefined }) }
}

/** Those of `NAMES` that stand in any byte of the ledger's files. */
function namesIn(path: string): string[] {
  const bytes = ['', '-wal', '-shm', '.lock']
    .filter((suffix) => existsSync(path + suffix))
    .map((suffix) => readFileSync(path + suffix, 'latin1'))
    .join('')
  return NAMES.filter((name) => bytes.includes(name))
}
