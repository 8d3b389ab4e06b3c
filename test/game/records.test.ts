import assert from 'node:assert/strict'
import { suite, test } from 'node:test'
import type { AccountStatus } from '../../src/atproto/event.ts'
import type { Operation } from '../../src/game/operation.ts'
import { ASLEEP } from '../../src/game/retries.ts'
import { NO_FACTS } from '../../src/game/rules/rule.ts'
import type { MemoryLedger } from '../memory-ledger.ts'
import { FOLLOW, game, POST, REPOST, tid } from './arbitrary.ts'
import {
  alice,
  bob,
  commit,
  DESCRIBED,
  ledgerOf,
  like,
  removal,
  repository,
  repost,
  second,
  sync,
} from './operations.ts'

const idOf = (collection: typeof POST, n: number) => ({ did: alice, collection, rkey: tid(n) })

test('an edit leaves a record in the time of its first witness', () => {
  const month = 40 * 86_400
  const ledger = ledgerOf([
    commit({ n: 1 }),
    commit({ n: 2, at: second(month), rkey: tid(1), op: 'update', record: DESCRIBED }),
  ])
  assert.equal(ledger.record(idOf(POST, 1))?.at, Math.floor(second(1) / 1_000_000))
  assert.deepEqual([ledger.actor(alice)?.experience, ledger.actor(alice)?.periods.month], [70, 70])
  ledger.fold(game, [like(3, { at: second(month) })])
  assert.equal(ledger.actor(alice)?.periods.month, 10)
})

test('a record that is made again under the same key is of the time at which it was', () => {
  const again = commit({ n: 9, at: second(90_000), rkey: tid(1) })
  const ledger = ledgerOf([commit({ n: 1 }), removal(2, commit({ n: 1 })), again])
  assert.equal(ledger.record(idOf(POST, 1))?.at, Math.floor(second(90_000) / 1_000_000))
})

test('a repost that is edited to be of another post is judged by that one', () => {
  const ledger = ledgerOf([
    commit({ n: 1, did: bob, record: DESCRIBED }),
    repost(2, bob, 1),
    repost(3, bob, 7, { rkey: tid(2), op: 'update' }),
  ])
  assert.equal(ledger.actor(alice)?.experience, 50)
  const asked = ledger.questions.filter(({ kind }) => kind === 'subject')
  assert.deepEqual(
    asked.map((question) => question.kind === 'subject' && [question.rev, question.subject.rkey]),
    [[tid(3), tid(7)]],
  )
  // And one that is edited otherwise stays what it was found to be, whatever has become of that post.
  const same = ledgerOf([
    commit({ n: 1, did: bob, record: DESCRIBED }),
    repost(2, bob, 1),
    removal(3, commit({ n: 1, did: bob })),
    repost(4, bob, 1, { rkey: tid(2), op: 'update' }),
  ])
  assert.equal(same.actor(alice)?.experience, 70)
})

test('a repository is compared with what a record has become earlier in the same batch, and with that only', () => {
  const ledger = ledgerOf([commit({ n: 1 }), commit({ n: 2 })])
  ledger.fold(game, [
    commit({ n: 6, rkey: tid(1), op: 'update', record: DESCRIBED }),
    removal(6, commit({ n: 2 })),
    repository(5),
  ])
  ledger.assertBalanced()
  assert.equal(ledger.actor(alice)?.experience, 70)
  assert.deepEqual(
    ledger.events.map(({ cause }) => cause),
    ['create', 'create', 'update', 'delete'],
  )
})

test('a repository takes away what is as old as it, and nothing that it names, is newer, or gone already', () => {
  const ledger = ledgerOf([
    commit({ n: 1 }),
    commit({ n: 2 }),
    commit({ n: 3 }),
    removal(4, commit({ n: 3 })),
    commit({ n: 5 }),
    commit({ n: 6 }),
  ])
  ledger.fold(game, [repository(5, [`${POST}/${tid(1)}`])])
  const live = ledger.records(alice).filter(([, state]) => state.live)
  assert.deepEqual(
    live.map(([{ rkey }]) => rkey),
    [tid(1), tid(6)],
  )
  assert.equal(ledger.record(idOf(POST, 3))?.rev, tid(4))
  assert.equal(ledger.record(idOf(POST, 5))?.rev, tid(5))
  ledger.assertBalanced()
})

test('what stays of a deleted record is what it showed, and not whom it named', () => {
  const post = commit({ n: 1, did: bob, record: DESCRIBED })
  const ledger = ledgerOf([post, repost(2, bob, 1), removal(3, repost(2, bob, 1))])
  const gone = ledger.record(idOf(REPOST, 2))
  assert.deepEqual(gone?.facts, { ...NO_FACTS, media: 'alt' })
  assert.equal(gone?.at, Math.floor(second(2) / 1_000_000))
  ledger.fold(game, [removal(4, repost(2, bob, 1))])
  assert.deepEqual(ledger.record(idOf(REPOST, 2)), { ...gone, rev: tid(4) })
})

test('a repository says nothing of collections that it was not asked about', () => {
  const follow = commit({ n: 1, collection: FOLLOW, record: { subject: bob } })
  const ledger = ledgerOf([follow, commit({ n: 2 })])
  ledger.fold(game, [repository(5, [], { collections: [POST] })])
  assert.equal(ledger.record(follow)?.live, true)
  assert.equal(ledger.record(idOf(POST, 2))?.live, false)
  ledger.assertBalanced()
})

suite('a repository that is given to nobody because its account is not active', () => {
  const account = (n: number, status: AccountStatus): Operation => {
    return { kind: 'account', did: alice, at: second(n), time: second(n), status }
  }
  const dues = ({ questions }: MemoryLedger) =>
    questions.filter(({ kind }) => kind === 'repository').map(({ due, tries }) => [due, tries])
  /** A ledger in which the only question got this answer, after `operations`. */
  const refused = (...operations: Operation[]): MemoryLedger => {
    const ledger = ledgerOf([commit({ n: 1 }), sync(2), ...operations])
    const [question] = ledger.questions.filter(({ kind }) => kind === 'repository')
    assert.ok(question)
    ledger.fold(game, [{ kind: 'inactive', question, did: alice, at: second(20) }])
    return ledger
  }

  test('is asked for again when it is, and not before', () => {
    for (const away of ['deactivated', 'takendown', 'suspended'] as const) {
      const ledger = refused(account(3, away))
      assert.equal(ledger.actor(alice)?.experience, 50)
      assert.deepEqual(dues(ledger), [[ASLEEP, 0]])
      ledger.fold(game, [account(4, 'deactivated'), account(5, 'suspended')])
      assert.deepEqual(dues(ledger), [[ASLEEP, 0]])
      ledger.fold(game, [account(6, 'active')])
      assert.deepEqual(dues(ledger), [[0, 0]])
    }
  })

  test('is asked for when it was replaced once more', () => {
    const ledger = refused(account(3, 'deactivated'))
    ledger.fold(game, [account(6, 'active'), sync(7)])
    assert.deepEqual(dues(ledger), [[0, 0]])
    const other = refused(account(3, 'deactivated'))
    other.fold(game, [sync(7), account(8, 'active')])
    assert.deepEqual(dues(other), [[0, 0]])
  })

  test('is asked for after a pause where the stream has said meanwhile that it is active', () => {
    const ledger = refused(account(3, 'deactivated'), account(4, 'active'))
    assert.deepEqual(dues(ledger), [[Math.ceil(second(20) / 1e6) + 30, 1]])
    // A person who goes and comes back again and again does not have the network asked any sooner.
    ledger.fold(game, [account(5, 'deactivated'), account(6, 'active')])
    assert.deepEqual(dues(ledger), [[Math.ceil(second(20) / 1e6) + 30, 1]])
  })

  test('is not asked for where nobody wanted to know', () => {
    const ledger = ledgerOf([commit({ n: 1 }), account(3, 'deactivated'), account(4, 'active')])
    assert.deepEqual(dues(ledger), [])
  })
})
