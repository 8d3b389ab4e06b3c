// Several operations on one person within one batch, and the questions that a batch raises.

import assert from 'node:assert/strict'
import { suite, test } from 'node:test'
import type { Did, Handle } from '../../src/atproto/event.ts'
import type { Game } from '../../src/game/game.ts'
import type { Operation } from '../../src/game/operation.ts'
import { NO_CHANGES, rulebook } from '../../src/game/rulebook.ts'
import { NO_FACTS } from '../../src/game/rules/rule.ts'
import { isHidden } from '../../src/game/state.ts'
import { MemoryLedger } from '../memory-ledger.ts'
import { asking, FOLLOW, game, LIKE, POST, REPOST, tid } from './arbitrary.ts'
import {
  alice,
  bob,
  carol,
  commit,
  DESCRIBED,
  identity,
  ledgerOf,
  like,
  removal,
  repository,
  repost,
  second,
  status,
  sync,
} from './operations.ts'

const recompute: Operation = { kind: 'recompute', did: alice, at: second(9) }

suite('a repository in the batch', () => {
  test('of a deletion is compared with what came after that', () => {
    const ledger = ledgerOf([commit({ n: 1 }), commit({ n: 2 })])
    ledger.fold(game, [
      status(3, 'deleted'),
      status(4, 'active'),
      commit({ n: 5 }),
      repository(9, [`${POST}/${tid(5)}`]),
    ])
    ledger.assertBalanced()
    assert.deepEqual(
      ledger.records(alice).map(([{ rkey }, { live }]) => [rkey, live]),
      [[tid(5), true]],
    )
  })

  test('of a record that it does not hold takes it away', () => {
    const ledger = new MemoryLedger()
    ledger.fold(game, [commit({ n: 1 }), repository(2)])
    ledger.assertBalanced()
    assert.deepEqual(
      ledger.events.map(({ cause, delta }) => [cause, delta]),
      [
        ['create', 50],
        ['sync', -50],
      ],
    )
  })
})

suite('what a batch asks', () => {
  const asked = (...operations: Operation[]) =>
    new MemoryLedger().fold(asking, operations).actors.get(alice)?.asked ?? []

  test('is one question of a kind about a person, and one about each repost', () => {
    const all = asked(commit({ n: 1 }), repost(2, bob, 1), repost(3, bob, 2), sync(4), sync(4), identity(5))
    assert.deepEqual(all.map(({ kind }) => kind).sort(), ['profile', 'repository', 'subject', 'subject'])
  })

  test('of a repository is asked, whatever becomes of its account before and after', () => {
    const away = [status(5, 'deactivated'), status(6, 'active')]
    for (const batch of [
      [sync(4), ...away],
      [...away, sync(4)],
    ]) {
      const ledger = ledgerOf([commit({ n: 1 })])
      ledger.fold(game, batch)
      assert.equal(ledger.questions.filter(({ kind }) => kind === 'repository').length, 1)
    }
  })

  test('goes with who is deleted in it', () => {
    assert.deepEqual(asked(commit({ n: 1 }), repost(2, bob, 1), status(3, 'deleted')), [])
  })

  test('is who somebody is when they become a character, and not again', () => {
    const ledger = ledgerOf([commit({ n: 1 })], asking)
    const { actors } = ledger.fold(asking, [commit({ n: 2 }), like(3)])
    assert.deepEqual(actors.get(alice)?.asked, [])
  })

  test('is nothing about a stranger whose profile asks to be hidden', () => {
    const record = { labels: { values: [{ val: '!no-unauthenticated' }] } }
    const profile = commit({ n: 1, collection: 'app.bsky.actor.profile', rkey: 'self', record })
    assert.deepEqual(asked(profile), [])
  })
})

test('a profile hides by the one label that says so, among whatever others', () => {
  const hidden = (...values: unknown[]): boolean | undefined => {
    const record = { labels: { values } } as never
    const profile = commit({ n: 2, collection: 'app.bsky.actor.profile', rkey: 'self', record })
    return ledgerOf([commit({ n: 1 }), profile]).actor(alice)?.optedOut
  }
  const hide = { val: '!no-unauthenticated' }
  assert.equal(hidden({ val: 'bot' }, hide, { val: 'other' }), true)
  assert.equal(hidden(null, 'text', 7, hide), true)
  for (const values of [[], [{ val: 'bot' }], [{}], ['!no-unauthenticated'], [null]]) {
    assert.equal(hidden(...values), false)
  }
})

test('a repost of somebody who is forgotten counts as text, and does not name them', () => {
  const forget: Operation = { kind: 'forget', wish: '1', did: bob, at: second(2) }
  const ledger = ledgerOf([commit({ n: 1, did: bob, record: DESCRIBED }), forget, repost(3, bob, 1)])
  assert.deepEqual(ledger.record(repost(3, bob, 1))?.facts, { ...NO_FACTS, media: 'text' })
  assert.equal(ledger.actor(alice)?.experience, 50)
})

test('who is forgotten is not named by the rest of the batch, which stays as it is otherwise', () => {
  const forget: Operation = { kind: 'forget', wish: '1', did: bob, at: second(9) }
  const ledger = ledgerOf([commit({ n: 1, did: bob, record: DESCRIBED })])
  ledger.fold(asking, [
    commit({ n: 2 }),
    like(2, { record: { subject: 7 } }),
    repost(3, bob, 1),
    repost(4, carol, 1),
    repost(5, bob, 8),
    forget,
  ])
  const facts = (n: number) => ledger.record(repost(n, bob, 1))?.facts
  assert.deepEqual(facts(3), { ...NO_FACTS, media: 'alt' })
  assert.deepEqual(facts(4), { ...NO_FACTS, subject: { did: carol, collection: POST, rkey: tid(1) } })
  assert.deepEqual(facts(5), NO_FACTS)
  const open = ledger.questions.map((question) => [
    question.kind,
    question.kind === 'subject' ? question.subject.did : question.did,
  ])
  assert.deepEqual(open, [
    ['profile', alice],
    ['subject', carol],
  ])
})

test('who has said that they want to be shown is shown when they come back from a deletion', () => {
  const profile = commit({ n: 2, collection: 'app.bsky.actor.profile', rkey: 'self' })
  const operations = [commit({ n: 1 }), profile, status(3, 'deleted'), status(4, 'active'), commit({ n: 5 })]
  const actor = ledgerOf(operations, asking).actor(alice)
  assert.ok(actor?.born && !isHidden(actor))
})

suite('a handle in a batch', () => {
  const named = (did: Did, handle: Handle | undefined, displayName = 'A Name'): Operation => {
    const profile = { handle, displayName, avatar: undefined, asked: second(5) }
    const answer = { question: '0', tries: 0, did, at: second(5), profile, optedOut: false, postsCount: 0 }
    return { kind: 'profile-answer', ...answer }
  }
  const people = [commit({ n: 1 }), commit({ n: 1, did: bob }), commit({ n: 1, did: carol })]
  /** A ledger in which `alice` has a handle, and the changes of the batch. */
  const after = (...batch: Operation[]) => {
    const ledger = ledgerOf([...people, named(alice, 'first.test')])
    const { actors } = ledger.fold(game, batch)
    const handles = [alice, bob].map((did) => ledger.profiles.get(did)?.handle)
    return { ledger, actors, handles }
  }

  test('may move and move back', () => {
    const { handles } = after(named(bob, 'first.test'), named(alice, 'first.test', 'Again'))
    assert.deepEqual(handles, ['first.test', undefined])
  })

  test('is not taken from who has another one by then', () => {
    const { handles } = after(named(alice, 'second.test'), named(bob, 'first.test'))
    assert.deepEqual(handles, ['second.test', 'first.test'])
  })

  test('leaves the rest of the profile with the person who loses it', () => {
    const { ledger, handles } = after(named(alice, 'second.test', 'Alice'), named(bob, 'second.test'))
    assert.deepEqual(handles, [undefined, 'second.test'])
    assert.equal(ledger.profiles.get(alice)?.displayName, 'Alice')
  })

  test('is free where a new identity has taken it away already', () => {
    const { handles } = after(identity(9), named(bob, 'first.test'))
    assert.deepEqual(handles, [undefined, 'first.test'])
  })

  test("that nobody knows is nobody else's loss", () => {
    const { ledger, actors } = after(named(bob, undefined), named(carol, undefined))
    assert.deepEqual([...actors.keys()], [bob, carol])
    assert.deepEqual([...ledger.fold(game, [named(alice, undefined)]).actors.keys()], [alice])
  })
})

test('what earns nothing begins no week and no month', () => {
  const late = commit({ n: 2, collection: FOLLOW, at: second(40 * 86_400) })
  const ledger = ledgerOf([commit({ n: 1 })])
  const before = ledger.actor(alice)?.periods
  ledger.fold(game, [late])
  assert.deepEqual(ledger.actor(alice)?.periods, before)
  ledger.fold(game, [removal(3, late)])
  assert.deepEqual(ledger.actor(alice)?.periods, before)
})

/** Asserts that a recompute changes nothing of alice's: it only says what she has on boards. */
function assertUnchanged(ledger: MemoryLedger, by: Game): void {
  const before = ledger.actor(alice)
  const { actors } = ledger.fold(by, [recompute])
  const change = actors.get(alice)
  assert.deepEqual([...actors.keys()], [alice])
  assert.deepEqual(change?.actor, before)
  assert.deepEqual([change?.records, change?.granted, change?.days], [new Map(), new Map(), new Map()])
  assert.deepEqual([change?.events, change?.asked, change?.profile], [[], [], undefined])
}

test('to judge again by the same rules changes nothing, with caps and without', () => {
  for (const caps of [{}, { [LIKE]: 15, [REPOST]: 40 }]) {
    const by: Game = { ...game, rules: rulebook({ ...NO_CHANGES, caps }) }
    const ledger = ledgerOf([commit({ n: 1 }), like(2), like(3), repost(4, bob, 1)], by)
    assertUnchanged(ledger, by)
  }
})

test('a cap that changes what one collection was granted on a day leaves the others of that day', () => {
  const by = (likes: number): Game => ({
    ...game,
    rules: rulebook({ ...NO_CHANGES, caps: { [LIKE]: likes, [POST]: 60 } }),
  })
  const ledger = ledgerOf([commit({ n: 1 }), like(2), like(3)], by(20))
  const day = Math.floor(second(1) / 86_400_000_000)
  ledger.fold(by(10), [recompute])
  const granted = new Map([
    [POST, 50],
    [LIKE, 10],
  ])
  assert.deepEqual(ledger.granted(alice), new Map([[day, granted]]))
})

test('a record that a new cap keeps from being worth more enters nothing', () => {
  const by = (xp: number): Game => ({
    ...game,
    rules: rulebook({ ...NO_CHANGES, points: { like: xp }, caps: { [LIKE]: 10 } }),
  })
  const ledger = ledgerOf([like(1)], by(10))
  assert.equal(ledger.record(like(1))?.capped, false)
  ledger.fold(by(50), [recompute])
  assert.deepEqual([ledger.record(like(1))?.capped, ledger.record(like(1))?.xp], [true, 10])
  assert.equal(ledger.events.length, 1)
})

test('posts from before stay as they are when all is judged again', () => {
  const counting: Game = { ...game, baseline: 'posts' }
  const answer = { question: '1', tries: 0, did: alice, at: second(2), profile: undefined, optedOut: false }
  const profile = { handle: undefined, displayName: undefined, avatar: undefined, asked: second(2) }
  const ledger = ledgerOf([commit({ n: 1 })])
  ledger.fold(counting, [{ kind: 'profile-answer', ...answer, profile, postsCount: 4 }])
  assert.equal(ledger.actor(alice)?.experience, 200)
  assertUnchanged(ledger, counting)
  assert.equal(ledger.actor(alice)?.experience, 200)
})

test('every wish is taken from the inbox, whether there was anything to do or not', () => {
  for (const before of [[], [commit({ n: 1 })]]) {
    const ledger = ledgerOf(before)
    const about = { did: alice, at: second(3) }
    const { fulfilled } = ledger.fold(game, [
      { kind: 'look-up', wish: '1', ...about },
      { kind: 'unforget', wish: '2', floor: tid(3), ...about },
      { kind: 'forget', wish: '3', ...about },
      { kind: 'return', wish: '4', floor: tid(3), ...about },
      { kind: 'hide', wish: '5', ...about },
      { kind: 'hide', wish: '6', ...about },
      { kind: 'leave', wish: '7', ...about },
    ])
    assert.deepEqual(fulfilled, ['1', '2', '3', '4', '5', '6', '7'])
  }
})
