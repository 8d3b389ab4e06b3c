import assert from 'node:assert/strict'
import { existsSync, readFileSync } from 'node:fs'
import { test } from 'node:test'
import { decide } from '../../../src/game/decide.ts'
import type { Operation } from '../../../src/game/operation.ts'
import { touched } from '../../../src/game/touched.ts'
import { openSqlite } from '../../../src/store/sqlite/open.ts'
import { folder } from '../../e2e/harness.ts'
import { game, POST, person, START, tid } from '../../game/arbitrary.ts'

test('of somebody who is forgotten no name stays in any byte of the files', async () => {
  using here = folder()
  const path = here.path('ledger.db')
  await using store = openSqlite({ path, reserve: 0 })
  await using writer = await store.write({ fingerprint: 'rules', purpose: 'keep' })
  const fold = async (...operations: Operation[]) =>
    writer.commit(decide(game, await writer.load(touched(game, operations)), operations), undefined)
  const did = person(0)
  const commit = { kind: 'commit', did, at: START, rev: tid(1), op: 'create', collection: POST } as const
  await fold({ ...commit, rkey: tid(1), record: {} })
  const answer = {
    kind: 'profile-answer',
    question: 'profile:1',
    did,
    at: START,
    optedOut: false,
    postsCount: 1,
  }
  const named = (handle: string, displayName: string) =>
    ({ ...answer, profile: { handle, displayName, avatar: undefined, asked: START } }) as Operation
  await fold(named('once-called.example', 'A Former Name'))
  await fold(named('forget-me.example', 'Forget Me Please'))
  const bytes = () =>
    ['', '-wal', '-shm', '.lock']
      .filter((suffix) => existsSync(path + suffix))
      .map((suffix) => readFileSync(path + suffix, 'latin1'))
      .join('')
  assert.ok(bytes().includes('Forget Me Please'))
  await fold({ kind: 'forget', wish: '1', did, at: START })
  for (const name of ['once-called', 'A Former Name', 'forget-me', 'Forget Me Please']) {
    assert.equal(bytes().includes(name), false, name)
  }
})
