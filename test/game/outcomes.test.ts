// The outcome of every operation: whether it changed anything, and if not, why.

import assert from 'node:assert/strict'
import { suite, test } from 'node:test'
import type { Game } from '../../src/game/game.ts'
import type { Operation } from '../../src/game/operation.ts'
import type { AskedQuestion, QuestionKind } from '../../src/game/question.ts'
import { NO_CHANGES, rulebook } from '../../src/game/rulebook.ts'
import { like as likes } from '../../src/game/rules/like.ts'
import { post as posts } from '../../src/game/rules/post.ts'
import { repost as reposts } from '../../src/game/rules/repost.ts'
import { NO_FACTS } from '../../src/game/rules/rule.ts'
import type { Outcome } from '../../src/game/state.ts'
import type { MemoryLedger } from '../memory-ledger.ts'
import { asking, game, LIKE, POST, person, REPOST, tid } from './arbitrary.ts'
import {
  alice,
  bob,
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

const PROFILE = 'app.bsky.actor.profile'
const forget: Operation = { kind: 'forget', wish: '1', did: alice, at: second(3) }
const unforget: Operation = { kind: 'unforget', wish: '1', did: alice, at: second(4), floor: tid(4) }
const hide: Operation = { kind: 'hide', wish: '1', did: alice, at: second(3) }
const leave: Operation = { kind: 'leave', wish: '1', did: alice, at: second(3) }
const back: Operation = { kind: 'return', wish: '1', did: alice, at: second(4), floor: tid(4) }
const follow = (followed: boolean): Operation => ({ kind: 'follow', did: alice, at: second(3), followed })
const shows = (of: ReturnType<typeof commit>, media: 'alt' | 'media' | 'text' | undefined): Operation => {
  const { did, collection, rkey, rev } = of
  const subject = { did: bob, collection: POST, rkey: tid(1) }
  return {
    kind: 'subject-answer',
    question: '9',
    tries: 0,
    at: second(9),
    did,
    collection,
    rkey,
    rev,
    subject,
    media,
  }
}
const says = (more: Partial<Operation & { kind: 'profile-answer' }> = {}): Operation => ({
  kind: 'profile-answer',
  question: '9',
  tries: 0,
  did: alice,
  at: second(9),
  profile: { handle: 'alice.test', displayName: undefined, avatar: undefined, asked: second(9) },
  optedOut: false,
  postsCount: 3,
  ...more,
})
/** The network could not answer the open question about `alice`, which had been asked `tries` times before. */
const unanswered = (kind: 'no-answer' | 'inactive', of: QuestionKind, tries: number): Operation => {
  const subject = { did: bob, collection: POST, rkey: tid(1) }
  const about = { did: alice, id: '9', tries }
  const question: AskedQuestion =
    of === 'subject'
      ? { kind: of, collection: REPOST, rkey: tid(2), rev: tid(2), subject, ...about }
      : { kind: of, ...about }
  return { kind, question, did: alice, at: second(9) }
}

const STORIES: readonly [Outcome, string, readonly Operation[], Operation, Game?][] = [
  ['applied', 'a new record', [], commit({ n: 1 })],
  ['repeated', 'a record that was there', [commit({ n: 1 })], commit({ n: 1 })],
  ['repeated', 'what was purged', [commit({ n: 1 }), status(2, 'deleted')], commit({ n: 1 })],
  ['unreadable', 'a record that its rule cannot read', [], like(1, { record: { subject: 7 } })],
  ['unreadable', 'a record that is none', [], like(1, { record: undefined })],
  ['forgotten', 'a record of who is forgotten', [forget], commit({ n: 5 })],
  ['forgotten', 'a record of who has left', [leave], commit({ n: 5 })],
  ['applied', 'a record of who is hidden', [hide], commit({ n: 5 })],
  ['unfollowed', 'a record of another collection', [], commit({ n: 1, collection: 'app.bsky.graph.block' })],
  ['applied', 'a deletion', [commit({ n: 1 })], removal(2, commit({ n: 1 }))],
  ['applied', 'a deletion of what was not seen', [], removal(2, commit({ n: 1 }))],
  ['unfollowed', 'the profile of a stranger', [], commit({ n: 1, collection: PROFILE, rkey: 'self' })],
  [
    'applied',
    'the profile of a character',
    [commit({ n: 1 })],
    commit({ n: 2, collection: PROFILE, rkey: 'self' }),
  ],
  [
    'repeated',
    'an older profile',
    [commit({ n: 1 }), commit({ n: 3, collection: PROFILE, rkey: 'self' })],
    commit({ n: 2, collection: PROFILE, rkey: 'self' }),
  ],
  ['unfollowed', "a stranger's identity", [], identity(1)],
  ['unfollowed', 'the identity of who was only named', [status(1, 'deactivated')], identity(2)],
  ['applied', 'a new identity', [commit({ n: 1 })], identity(2)],
  ['repeated', 'an identity that is older than the character', [commit({ n: 3 })], identity(2)],
  ['unfollowed', 'a stranger who is active', [], status(1, 'active')],
  ['applied', 'a stranger who goes', [], status(1, 'deactivated')],
  ['repeated', 'a status that is older', [status(2, 'deactivated')], status(1, 'active')],
  ['repeated', 'a status that was there', [status(2, 'deactivated')], status(2, 'deactivated')],
  ['unfollowed', "a stranger's replaced repository", [], sync(1)],
  ['unfollowed', 'the repository of who is not a character', [status(1, 'deactivated')], sync(2)],
  ['applied', 'a replaced repository', [commit({ n: 1 })], sync(2)],
  [
    'repeated',
    'a repository of before a deletion',
    [commit({ n: 1 }), status(2, 'deleted'), status(3, 'active'), commit({ n: 4 })],
    sync(1),
  ],
  ['applied', 'what a repost shows', [repost(2, bob, 1)], shows(repost(2, bob, 1), 'alt')],
  [
    'applied',
    'that nobody knows yet what it shows',
    [repost(2, bob, 1)],
    shows(repost(2, bob, 1), undefined),
  ],
  ['stale', 'what nobody has reposted', [], shows(repost(2, bob, 1), 'alt')],
  [
    'stale',
    'what a deleted repost showed',
    [repost(2, bob, 1), removal(3, repost(2, bob, 1))],
    shows(repost(2, bob, 1), 'alt'),
  ],
  [
    'stale',
    'what a repost of an earlier revision showed',
    [repost(2, bob, 1), repost(3, bob, 2, { rkey: tid(2), op: 'update' })],
    shows(repost(2, bob, 1), 'alt'),
  ],
  [
    'stale',
    'what a repost of somebody shows who was forgotten meanwhile',
    [repost(2, bob, 1), { ...forget, did: bob }],
    shows(repost(2, bob, 1), 'alt'),
  ],
  ['stale', 'what a record shows that names nothing', [like(2)], shows(like(2), 'alt')],
  ['stale', 'the profile of who is not a character', [], says()],
  ['applied', 'a profile', [commit({ n: 1 })], says(), asking],
  [
    'applied',
    'a profile with a count of posts',
    [commit({ n: 1 })],
    says(),
    { ...asking, baseline: 'posts' },
  ],
  [
    'implausible',
    'a profile with a count that is made up',
    [commit({ n: 1 })],
    says({ postsCount: 1e15 }),
    { ...asking, baseline: 'posts' },
  ],
  [
    'applied',
    'an AppView that knows nobody of that name',
    [commit({ n: 1 })],
    says({ profile: undefined }),
    asking,
  ],
  [
    'stale',
    'an AppView that has never known them, in the end',
    [commit({ n: 1 })],
    says({ profile: undefined, tries: 29 }),
    asking,
  ],
  ['stale', 'no AppView to ask', [commit({ n: 1 })], says({ profile: undefined }), game],
  ['applied', 'what a repository holds', [commit({ n: 1 })], repository(2)],
  ['applied', 'a server that is away', [commit({ n: 1 })], unanswered('no-answer', 'repository', 0)],
  ['stale', 'a server that stays away', [commit({ n: 1 })], unanswered('no-answer', 'repository', 13)],
  ['applied', 'an AppView that is away', [commit({ n: 1 })], unanswered('no-answer', 'profile', 0), asking],
  [
    'applied',
    'an AppView that does not know a post',
    [repost(2, bob, 1)],
    unanswered('no-answer', 'subject', 0),
  ],
  ['applied', 'a post that nobody ever knew', [repost(2, bob, 1)], unanswered('no-answer', 'subject', 9)],
  [
    'applied',
    'a repository that sleeps with its account',
    [commit({ n: 1 }), status(2, 'deactivated')],
    unanswered('inactive', 'repository', 0),
  ],
  ['applied', 'a server that is behind', [commit({ n: 1 })], unanswered('inactive', 'repository', 0)],
  ['stale', 'a server that stays behind', [commit({ n: 1 })], unanswered('inactive', 'repository', 13)],
  ['applied', 'that somebody is to be forgotten', [], forget],
  ['applied', 'that they are not to be any more', [forget], unforget],
  ['stale', 'that somebody is not to be forgotten who is not', [commit({ n: 1 })], unforget],
  ['applied', 'that somebody hides', [], hide],
  ['repeated', 'that somebody hides who is hidden', [hide], hide],
  ['applied', 'that somebody leaves', [], leave],
  ['applied', 'that somebody returns who is hidden', [hide], back],
  ['applied', 'that somebody returns who has left', [leave], back],
  ['stale', 'that somebody returns who was never away', [commit({ n: 1 })], back],
  ['stale', 'that a stranger returns', [], back],
  ['stale', 'that somebody returns whom the operator forgot', [forget], back],
  ['applied', 'a visitor', [commit({ n: 1 })], { kind: 'look-up', wish: '1', did: alice, at: second(3) }],
  ['stale', 'a visitor to nobody', [], { kind: 'look-up', wish: '1', did: alice, at: second(3) }],
  ['applied', 'that somebody is not followed any more', [commit({ n: 1 })], follow(false)],
  ['repeated', 'that somebody is followed as before', [commit({ n: 1 })], follow(true)],
  ['repeated', 'that a stranger is not followed', [], follow(false)],
  ['repeated', 'the same rules', [commit({ n: 1 })], { kind: 'recompute', did: alice, at: second(9) }],
  [
    'applied',
    'other rules',
    [commit({ n: 1 })],
    { kind: 'recompute', did: alice, at: second(9) },
    { ...game, rules: rulebook({ ...NO_CHANGES, points: { 'post.text': 1 } }) },
  ],
]

suite('what became of', () => {
  for (const [outcome, what, before, operation, by = game] of STORIES) {
    test(`${what} is counted: ${outcome}`, () => {
      const ledger = ledgerOf(before)
      const { outcomes } = ledger.fold(by, [operation])
      const counted = Object.entries(outcomes).filter(([, n]) => n > 0)
      assert.deepEqual(counted, [[outcome, 1]])
      ledger.assertBalanced()
    })
  }
})

suite('what changes nothing', () => {
  const open = (ledger: MemoryLedger, kind: QuestionKind) =>
    ledger.questions.filter((question) => question.kind === kind && question.did === alice)

  test('leaves no trace of strangers', () => {
    for (const operation of [status(1, 'active'), sync(1), identity(1), follow(false)]) {
      const ledger = ledgerOf([operation])
      assert.deepEqual([ledger.actors.size, ledger.questions], [0, []])
    }
  })

  test('asks nothing about a repository of somebody who is no character', () => {
    assert.deepEqual(ledgerOf([status(1, 'deactivated'), sync(2)]).questions, [])
  })

  test('enters nothing: a repost of a post that turns out to be text', () => {
    const ledger = ledgerOf([repost(2, bob, 1), shows(repost(2, bob, 1), 'text')])
    assert.equal(ledger.events.length, 1)
    assert.equal(ledger.record(repost(2, bob, 1))?.facts?.media, 'text')
    // Once known it stays.
    const known = ledgerOf([repost(2, bob, 1), shows(repost(2, bob, 1), 'media')])
    known.fold(game, [shows(repost(2, bob, 1), 'alt')])
    assert.equal(known.actor(alice)?.experience, 60)
  })

  test('asks the AppView nothing: who was away, is back and has been introduced; or is no character', () => {
    const known = ledgerOf(
      [commit({ n: 1 }), says({ question: '1' }), status(2, 'deactivated'), status(3, 'active')],
      asking,
    )
    assert.deepEqual(
      open(known, 'profile').map(({ tries }) => tries),
      [],
    )
    const stranger = ledgerOf([status(2, 'deactivated'), status(3, 'active')], asking)
    assert.deepEqual(stranger.questions, [])
  })

  test('has nobody asked any sooner: who is not introduced and goes', () => {
    const ledger = ledgerOf([commit({ n: 1 })], asking)
    const [question] = open(ledger, 'profile')
    assert.ok(question)
    ledger.fold(asking, [
      { kind: 'no-answer', question, did: alice, at: second(2) },
      status(3, 'deactivated'),
    ])
    assert.deepEqual(
      open(ledger, 'profile').map(({ tries }) => tries),
      [1],
    )
    ledger.fold(asking, [status(4, 'active')])
    assert.deepEqual(
      open(ledger, 'profile').map(({ tries }) => tries),
      [0],
    )
  })
})

test('a post that its rule cannot read shows nothing to those who repost it', () => {
  const rules = rulebook(NO_CHANGES, [{ ...posts, facts: () => undefined }, reposts, likes])
  const by: Game = { ...game, rules }
  const later = repost(2, bob, 1)
  const ledger = ledgerOf([commit({ n: 1, did: bob, record: DESCRIBED }), repost(3, bob, 1)], by)
  assert.equal(ledger.actor(alice)?.experience, 50)
  // And where it came only after the repost.
  const asked = ledgerOf([later, commit({ n: 1, did: bob, record: DESCRIBED })], by)
  asked.fold(by, [shows(later, 'alt')])
  assert.deepEqual([asked.record(later)?.facts?.media, asked.actor(alice)?.experience], ['text', 50])
})

test("a fact of a rule's own stays while a repost's subject becomes known, known again or forgotten", () => {
  const spoken = {
    ...reposts,
    facts: (record: Parameters<typeof reposts.facts>[0]) => {
      const facts = reposts.facts(record)
      return facts && { ...facts, own: 'eo' }
    },
  }
  const by: Game = { ...game, rules: rulebook(NO_CHANGES, [posts, spoken, likes]) }
  const of = repost(2, bob, 1)
  const factsOf = (ledger: MemoryLedger, id = of) => [
    ledger.record(id)?.facts?.media,
    ledger.record(id)?.facts?.own,
  ]
  const asked = ledgerOf([of], by)
  assert.deepEqual(factsOf(asked), [undefined, 'eo'])
  asked.fold(by, [shows(of, 'alt')])
  assert.deepEqual(factsOf(asked), ['alt', 'eo'])
  asked.fold(by, [{ ...of, op: 'update', rev: tid(5) }])
  assert.deepEqual(factsOf(asked), ['alt', 'eo'])
  const known = ledgerOf([commit({ n: 1, did: bob, record: DESCRIBED }), of], by)
  assert.deepEqual(factsOf(known), ['alt', 'eo'])
  known.fold(by, [{ ...forget, did: bob }])
  assert.deepEqual(factsOf(known), ['alt', 'eo'])
  known.fold(by, [repost(6, bob, 1)])
  assert.deepEqual(factsOf(known, repost(6, bob, 1)), ['text', 'eo'])
  // Within one batch, which the store has not seen.
  const batch = ledgerOf([], by)
  batch.fold(by, [of, { ...forget, did: bob }])
  assert.deepEqual(factsOf(batch), [undefined, 'eo'])
})

test('a rule that says itself what a record shows is believed, and nobody is asked', () => {
  const knowing = {
    ...reposts,
    facts: () => ({ ...NO_FACTS, media: 'media', subject: { did: bob, collection: POST, rkey: tid(1) } }),
  }
  const by: Game = { ...game, rules: rulebook(NO_CHANGES, [posts, knowing as typeof reposts, likes]) }
  const ledger = ledgerOf([commit({ n: 1, did: bob, record: DESCRIBED }), repost(3, bob, 1)], by)
  assert.equal(ledger.actor(alice)?.experience, 60)
})

test('what a deleted record leaves is worth nothing, has no cap, and keeps its revision and time', () => {
  const capped: Game = { ...game, rules: rulebook({ ...NO_CHANGES, caps: { [LIKE]: 15 } }) }
  const ledger = ledgerOf([like(1), like(2), removal(3, like(2))], capped)
  assert.deepEqual(ledger.record(like(2)), {
    rev: tid(3),
    live: false,
    xp: 0,
    facts: NO_FACTS,
    at: Math.floor(second(2) / 1_000_000),
    capped: false,
    claimed: undefined,
  })
})

test('posts from before are one live record of their own, of the time at which they were told', () => {
  const by: Game = { ...asking, baseline: 'posts' }
  const ledger = ledgerOf([commit({ n: 1 }), says({ postsCount: 3 })], by)
  assert.deepEqual(ledger.record({ did: alice, collection: 'app.bskyrpg.baseline', rkey: 'posts' }), {
    rev: tid(1),
    live: true,
    xp: 100,
    facts: NO_FACTS,
    at: Math.floor(second(9) / 1_000_000),
    capped: false,
    claimed: undefined,
  })
  assert.deepEqual(ledger.events.at(-1), {
    did: alice,
    collection: 'app.bskyrpg.baseline',
    rkey: 'posts',
    at: second(9),
    cause: 'baseline',
    reason: 'baseline.posts',
    delta: 100,
    experience: 150,
    rules: 1,
  })
  assert.equal(ledgerOf([commit({ n: 1, did: person(3) })], by).events.length, 1)
})
