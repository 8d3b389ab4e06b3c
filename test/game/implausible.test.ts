import assert from 'node:assert/strict'
import { test } from 'node:test'
import { BASELINE, baselineOf } from '../../src/game/baseline.ts'
import type { Game } from '../../src/game/game.ts'
import type { Operation } from '../../src/game/operation.ts'
import { MemoryLedger } from '../memory-ledger.ts'
import { game, POST, person, START, tid } from './arbitrary.ts'

const counting: Game = { ...game, baseline: 'posts' }
const did = person(0)

function afterAnswer(postsCount: number) {
  const ledger = new MemoryLedger()
  const commit = { kind: 'commit', did, at: START, rev: tid(1), op: 'create', collection: POST } as const
  ledger.fold(counting, [{ ...commit, rkey: tid(1), record: {} }])
  const profile = { handle: 'a-name.test', displayName: 'A Name', avatar: undefined, asked: START }
  const answer = {
    kind: 'profile-answer',
    question: 'profile:1',
    did,
    at: START,
    optedOut: true,
    profile,
    postsCount,
  }
  const { outcomes, actors } = ledger.fold(counting, [answer as Operation])
  return { ledger, outcomes, change: actors.get(did) }
}

test('a number of posts that nobody can have made is counted as such; the rest of the answer holds', () => {
  for (const postsCount of [200_000_002, 1.7e14, Number.MAX_SAFE_INTEGER]) {
    const { ledger, outcomes, change } = afterAnswer(postsCount)
    assert.deepEqual([outcomes.implausible, outcomes.applied], [1, 0])
    assert.equal(ledger.record(baselineOf(did)), undefined)
    assert.equal(ledger.actor(did)?.experience, 50)
    assert.equal(ledger.actor(did)?.optedOut, true)
    assert.equal(change?.profile?.displayName, 'A Name')
    assert.deepEqual(change?.answered, ['profile:1'])
  }
  const { ledger, outcomes } = afterAnswer(200_000_001)
  assert.equal(outcomes.applied, 1)
  assert.equal(ledger.actor(did)?.experience, 10_000_000_050)
  assert.equal([...ledger.stored.values()].filter(([id]) => id.collection === BASELINE).length, 1)
})
