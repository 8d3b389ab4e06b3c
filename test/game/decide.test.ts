import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import type { CommitEvent, StreamEvent } from '../../src/atproto/event.ts'
import { baselineOf } from '../../src/game/baseline.ts'
import type { Game } from '../../src/game/game.ts'
import type { Operation } from '../../src/game/operation.ts'
import { NO_CHANGES, rulebook } from '../../src/game/rulebook.ts'
import { isHidden } from '../../src/game/state.ts'
import { MemoryLedger } from '../memory-ledger.ts'
import { Model } from '../model/model.ts'
import { experienceOf } from '../model/person.ts'
import { asking, cut, FOLLOW, game, LIKE, longStream, POST, REPOST, START, tid } from './arbitrary.ts'
import { alice, bob, DESCRIBED, identity, repository } from './operations.ts'

const commit = (fields: Partial<CommitEvent> & { n: number }): CommitEvent => {
  const { n, ...rest } = fields
  const at = START + n * 1_000_000
  return {
    kind: 'commit',
    did: alice,
    at,
    rev: tid(n),
    op: 'create',
    collection: POST,
    rkey: tid(0),
    record: {},
    ...rest,
  }
}
const ALICE = { handle: 'alice.test', displayName: 'Alice', avatar: undefined, asked: START } as const
const POST_OF_BOB = { did: bob, collection: POST, rkey: tid(0) }
const repostOf = (n: number, rkey = tid(0)) =>
  commit({ n, collection: REPOST, rkey: tid(n), record: { subject: { uri: `at://${bob}/${POST}/${rkey}` } } })

function ledgerOf(...operations: Operation[]): MemoryLedger {
  const ledger = new MemoryLedger()
  for (const operation of operations) ledger.fold(game, [operation])
  ledger.assertBalanced()
  return ledger
}
const xp = (ledger: MemoryLedger, did = alice) => ledger.actor(did)?.experience

/** The state that must be the same however the stream was cut and repeated. */
function stateOf({ actors, stored, events }: MemoryLedger) {
  return {
    actors: new Map(
      [...actors].map(([did, { counts, ...rest }]) => [
        did,
        { ...rest, counts: Object.fromEntries([...counts].filter(([, n]) => n > 0)) },
      ]),
    ),
    stored: new Map(stored),
    events: Map.groupBy(events, ({ did }) => did),
  }
}

test('however a stream is cut into batches, crashed and repeated, it ends in the same state', () => {
  fc.assert(
    fc.property(
      longStream,
      fc.array(fc.nat({ max: 9 })),
      fc.array(fc.nat({ max: 59 }), { maxLength: 4 }),
      (events, sizes, crashes) => {
        const straight = new MemoryLedger()
        for (const event of events) straight.fold(game, [event])
        const other = new MemoryLedger()
        // After a crash the stream begins again somewhere before; everything from there on is a repetition.
        for (const end of crashes) {
          for (const piece of cut(events.slice(0, end), sizes)) other.fold(game, piece)
        }
        for (const piece of cut(events, sizes)) {
          other.fold(game, piece)
          other.assertBalanced()
        }
        // Of strangers no "active" is kept, and of those we know it is: nothing but that time tells the difference.
        const withoutStatus = (ledger: MemoryLedger) => {
          const { actors, ...rest } = stateOf(ledger)
          const plain = [...actors].map(([did, actor]) => {
            return [did, actor.status === 'active' ? { ...actor, statusTime: 0 } : actor] as const
          })
          return { ...rest, actors: plain.sort() }
        }
        assert.deepEqual(withoutStatus(other), withoutStatus(straight))
      },
    ),
    { numRuns: 400 },
  )
})

test('a fold agrees with the naive model', () => {
  fc.assert(
    fc.property(longStream, (events) => {
      const ledger = new MemoryLedger()
      const followed = events.filter((event) => event.kind !== 'commit' || event.collection !== FOLLOW)
      for (const event of followed) ledger.fold(game, [event])
      const { points, caps } = game.rules
      const model = new Model({ points, caps, followed: game.followed, baseline: 'off', version: 1 })
      for (const event of followed) model.apply(event)
      for (const [did, expected] of model.people) {
        assert.equal(ledger.actors.get(did)?.experience ?? 0, experienceOf(expected), did)
      }
    }),
    { numRuns: 400 },
  )
})

test('what is known is never changed by deciding', () => {
  fc.assert(
    fc.property(longStream, longStream, (first, second) => {
      const ledger = new MemoryLedger()
      ledger.fold(game, first)
      const before = structuredClone(stateOf(ledger))
      new MemoryLedger().commit(
        ledger.fold.bind({
          actor: ledger.actor.bind(ledger),
          record: ledger.record.bind(ledger),
          records: ledger.records.bind(ledger),
          days: ledger.days.bind(ledger),
          commit: () => {},
        })(game, second),
      )
      assert.deepEqual(stateOf(ledger), before)
    }),
  )
})

test('a delete takes back exactly what the record had earned, and says so', () => {
  const ledger = ledgerOf(
    commit({ n: 1, record: DESCRIBED }),
    commit({ n: 2, op: 'delete', record: undefined }),
    commit({ n: 3, op: 'delete', record: undefined }),
  )
  assert.equal(xp(ledger), 0)
  const [, reversal] = ledger.events
  assert.equal(ledger.events.length, 2)
  assert.deepEqual([reversal?.cause, reversal?.reason, reversal?.delta], ['delete', 'post.alt', -70])
})

test('an operation that is not newer than the record changes nothing', () => {
  const late = commit({ n: 5, record: DESCRIBED })
  const ledger = ledgerOf(late, commit({ n: 5, op: 'delete' }), commit({ n: 4, op: 'delete' }), late)
  assert.equal(xp(ledger), 70)
})

test('a record that was deleted before it was seen stays deleted when its create comes again', () => {
  const ledger = ledgerOf(commit({ n: 5, op: 'delete' }), commit({ n: 1 }))
  assert.equal(xp(ledger), 0)
  assert.equal(ledger.actor(alice)?.born, false)
})

test('an edit is judged again', () => {
  const ledger = ledgerOf(commit({ n: 1 }), commit({ n: 2, op: 'update', record: DESCRIBED }))
  assert.equal(xp(ledger), 70)
  assert.equal(ledger.events[1]?.delta, 20)
})

test('a resent repository of the same records is no news', () => {
  const ledger = ledgerOf(commit({ n: 1 }), commit({ n: 9 }))
  assert.equal(ledger.events.length, 1)
})

test('a repost counts as text until its post is known, then by what that shows', () => {
  const ledger = ledgerOf(repostOf(1))
  assert.equal(xp(ledger), 50)
  const [question] = ledger.questions.filter(({ kind }) => kind === 'subject')
  assert.ok(question)
  const answer = (rev: string): Operation => {
    return {
      kind: 'subject-answer',
      question: question.id,
      tries: 0,
      did: alice,
      collection: REPOST,
      rkey: tid(1),
      rev,
      subject: POST_OF_BOB,
      media: 'alt',
      at: START + 9e6,
    }
  }
  ledger.fold(game, [answer(tid(1))])
  assert.equal(xp(ledger), 70)
  assert.deepEqual(
    ledger.questions.filter(({ kind }) => kind === 'subject'),
    [],
  )
  assert.equal(ledger.events.at(-1)?.cause, 'subject')
  ledger.fold(game, [answer(tid(1))])
  assert.equal(xp(ledger), 70, 'a second answer changes nothing')
  ledger.fold(game, [commit({ n: 20, collection: REPOST, rkey: tid(1), op: 'delete' }), answer(tid(1))])
  assert.equal(xp(ledger), 0, 'nor does one about a repost that is gone')
  ledger.assertBalanced()
})

test('a stale answer about a repost that was replaced is dropped', () => {
  const ledger = ledgerOf(repostOf(1))
  ledger.fold(game, [{ ...repostOf(1, tid(7)), rev: tid(8), op: 'update' }])
  const answer: Operation = {
    kind: 'subject-answer',
    question: '2',
    tries: 0,
    did: alice,
    collection: REPOST,
    rkey: tid(1),
    rev: tid(1),
    subject: POST_OF_BOB,
    media: 'alt',
    at: START,
  }
  ledger.fold(game, [answer])
  assert.equal(xp(ledger), 50)
})

test('a repost of a post that we hold needs no question, and keeps what it earned whatever becomes of the post', () => {
  const ledger = ledgerOf(commit({ n: 1, did: bob, record: DESCRIBED }), repostOf(2))
  assert.equal(xp(ledger), 70)
  assert.deepEqual(
    ledger.questions.filter(({ kind }) => kind === 'subject'),
    [],
  )
  ledger.fold(game, [commit({ n: 3, did: bob, op: 'delete' })])
  assert.equal(xp(ledger), 70)
})

test('who is away is hidden and goes on earning; an older status changes nothing', () => {
  const status = (time: number, value: 'active' | 'deactivated' | 'deleted'): StreamEvent => {
    return { kind: 'account', did: alice, at: START + time, time: START + time, status: value }
  }
  const ledger = ledgerOf(
    commit({ n: 1 }),
    status(10, 'deactivated'),
    commit({ n: 2, rkey: tid(2) }),
    status(5, 'active'),
  )
  const actor = ledger.actor(alice)
  assert.ok(actor && isHidden(actor))
  assert.equal(actor.experience, 100)
  ledger.fold(game, [status(20, 'active')])
  assert.ok(!isHidden(ledger.actor(alice) ?? actor))
})

test('a deleted account leaves nothing that a replay could bring back, and may begin anew', () => {
  const gone: StreamEvent = {
    kind: 'account',
    did: alice,
    at: START + 5e6,
    time: START + 5e6,
    status: 'deleted',
  }
  const ledger = ledgerOf(
    commit({ n: 1 }),
    commit({ n: 2, rkey: tid(2) }),
    gone,
    commit({ n: 1 }),
    commit({ n: 2, rkey: tid(2) }),
  )
  assert.equal(xp(ledger), 0)
  assert.deepEqual(ledger.records(alice), [])
  ledger.fold(game, [{ ...gone, time: START + 6e6, status: 'active' }, commit({ n: 7, rkey: tid(7) })])
  assert.equal(xp(ledger), 50)
  ledger.fold(game, [gone])
  assert.equal(xp(ledger), 50, 'an old deletion that comes again purges nobody')
})

test('a forgotten person leaves nothing, is not named by others, and counts again only from when they are unforgotten', () => {
  const ledger = ledgerOf(commit({ n: 1, did: bob, record: DESCRIBED }), repostOf(2))
  ledger.fold(game, [{ kind: 'forget', wish: '1', did: bob, at: START + 3e6 }])
  ledger.fold(game, [commit({ n: 1, did: bob }), commit({ n: 4, did: bob, rkey: tid(4) }), repostOf(5)])
  assert.deepEqual(ledger.records(bob), [])
  assert.equal(xp(ledger, bob), 0)
  assert.equal(xp(ledger), 70 + 50)
  for (const [, state] of ledger.records(alice)) assert.equal(state.facts?.subject, undefined)
  const { fulfilled } = ledger.fold(game, [
    { kind: 'unforget', wish: '2', did: bob, at: START, floor: tid(6) },
  ])
  assert.deepEqual(fulfilled, ['2'])
  ledger.fold(game, [commit({ n: 4, did: bob, rkey: tid(4) }), commit({ n: 7, did: bob, rkey: tid(7) })])
  assert.equal(xp(ledger, bob), 50)
  ledger.assertBalanced()
})

test('a replaced repository takes back what it no longer holds, and nothing newer', () => {
  const ledger = ledgerOf(
    commit({ n: 1, rkey: tid(1) }),
    commit({ n: 2, rkey: tid(2) }),
    { kind: 'sync', did: alice, at: START, rev: tid(5) },
    commit({ n: 6, rkey: tid(6) }),
  )
  const [question] = ledger.questions.filter(({ kind }) => kind === 'repository')
  assert.ok(question)
  ledger.fold(game, [
    repository(5, [`${POST}/${tid(2)}`]),
    { kind: 'repository-answer', question: question.id, did: alice, at: START },
  ])
  assert.deepEqual(
    ledger.questions.filter(({ kind }) => kind === 'repository'),
    [],
  )
  assert.equal(xp(ledger), 100)
  assert.equal(ledger.events.at(-1)?.cause, 'sync')
  ledger.assertBalanced()
})

test('a repository that was fetched ahead of the stream does not make the stream old news', () => {
  const ledger = ledgerOf(commit({ n: 1, rkey: tid(1) }), {
    kind: 'sync',
    did: alice,
    at: START,
    rev: tid(2),
  })
  ledger.fold(game, [repository(50)])
  const gone: StreamEvent = {
    kind: 'account',
    did: alice,
    at: START + 5e6,
    time: START + 5e6,
    status: 'deleted',
  }
  ledger.fold(game, [gone, { ...gone, time: START + 6e6, status: 'active' }, commit({ n: 9, rkey: tid(9) })])
  assert.equal(xp(ledger), 50)
})

test('a new identity drops the profile and asks for the new one', () => {
  const ledger = ledgerOf(commit({ n: 1 }))
  const changes = ledger.fold(game, [identity(2)])
  assert.equal(changes.actors.get(alice)?.profile, null)
  assert.deepEqual(changes.actors.get(alice)?.asked, [{ kind: 'profile', did: alice, ifOpen: 'restart' }])
})

test('with a baseline, posts from before count once, approximately', () => {
  const withBaseline: Game = { ...game, baseline: 'posts' }
  const ledger = ledgerOf(commit({ n: 1 }))
  const answer: Operation = {
    kind: 'profile-answer',
    question: '1',
    tries: 0,
    did: alice,
    at: START,
    profile: ALICE,
    optedOut: false,
    postsCount: 11,
  }
  ledger.fold(withBaseline, [answer])
  assert.equal(xp(ledger), 50 + 10 * 50)
  ledger.fold(withBaseline, [{ ...answer, postsCount: 90 }])
  assert.equal(xp(ledger), 550)
  assert.equal(ledger.record(baselineOf(alice))?.xp, 500)
  assert.equal(ledger.events.at(-1)?.reason, 'baseline.posts')
  ledger.assertBalanced()
})

test('a collection without a rule stands in the timeline at 0 XP; one that nobody follows does not', () => {
  const ledger = ledgerOf(
    commit({ n: 1, collection: FOLLOW }),
    commit({ n: 2, collection: 'app.bsky.graph.block' }),
  )
  assert.deepEqual(
    ledger.events.map(({ reason, delta }) => [reason, delta]),
    [['tracked', 0]],
  )
  // And is taken back as 0, which -0 is not.
  ledger.fold(game, [commit({ n: 1, collection: FOLLOW, op: 'delete', rev: tid(3), record: undefined })])
  assert.deepEqual(
    ledger.events.map(({ delta }) => delta),
    [0, 0],
  )
})

test('a record that its rule cannot read counts nothing until it is mended', () => {
  const ledger = ledgerOf(commit({ n: 1, collection: LIKE, record: { subject: 7 } }))
  assert.equal(xp(ledger), 0)
  ledger.fold(game, [
    commit({ n: 2, collection: LIKE, op: 'update', record: { subject: { uri: 'at://x' } } }),
  ])
  assert.equal(xp(ledger), 10)
})

test('a daily cap bounds what a collection brings, and losing XP gives no room back', () => {
  const capped: Game = { ...game, rules: rulebook({ ...NO_CHANGES, caps: { [LIKE]: 25 } }) }
  const like = (n: number, op: CommitEvent['op'] = 'create', rev = n) =>
    commit({
      n: rev,
      collection: LIKE,
      rkey: tid(n),
      op,
      record: op === 'delete' ? undefined : { subject: { uri: 'at://x' } },
    })
  const ledger = new MemoryLedger()
  ledger.fold(capped, [like(1), like(2), like(3), like(4)])
  assert.equal(xp(ledger), 25)
  ledger.fold(capped, [like(1, 'delete', 11), like(5)])
  assert.equal(xp(ledger), 15)
  const tomorrow = { ...like(6), at: START + 86_400_000_000 }
  ledger.fold(capped, [tomorrow])
  assert.equal(xp(ledger), 25)
  ledger.assertBalanced()
})

test('other rules judge what is held again, without the network', () => {
  const ledger = ledgerOf(
    commit({ n: 1, record: DESCRIBED }),
    repostOf(2),
    commit({ n: 3, collection: FOLLOW }),
  )
  const generous: Game = { ...game, rules: rulebook({ ...NO_CHANGES, points: { 'post.alt': 100 } }) }
  ledger.fold(generous, [{ kind: 'recompute', did: alice, at: START }])
  assert.equal(xp(ledger), 150)
  assert.equal(ledger.events.at(-1)?.cause, 'recompute')
  ledger.fold(generous, [{ kind: 'recompute', did: alice, at: START }])
  assert.equal(xp(ledger), 150)
  ledger.assertBalanced()
})

test('a question without an answer is put off for longer each time, and given up in the end', () => {
  const ledger = ledgerOf(repostOf(1))
  const open = () => ledger.questions.find(({ kind }) => kind === 'subject')
  const dues: number[] = []
  for (let at = START; ; at += 1e9) {
    const question = open()
    if (question === undefined) break
    const { outcomes } = ledger.fold(game, [{ kind: 'no-answer', question, did: alice, at }])
    const due = open()?.due
    assert.equal(outcomes.applied, 1)
    if (due !== undefined) dues.push(due - at / 1e6)
  }
  assert.deepEqual(dues, [1, 2, 4, 8, 16, 32, 64, 128, 256])
  assert.equal(xp(ledger), 50)
  // It counts as text for good.
  const [, repost] = ledger.records(alice)[0] ?? []
  assert.equal(repost?.facts?.media, 'text')
})

test('of a kind one question is open about a person, however often there is reason to ask', () => {
  const sync = (n: number): Operation => ({ kind: 'sync', did: alice, at: START, rev: tid(n) })
  const ledger = ledgerOf(commit({ n: 1 }), sync(2), sync(2), sync(3))
  const open = (kind: string) => ledger.questions.filter((question) => question.kind === kind)
  const [asked, ...more] = open('repository')
  assert.deepEqual(more, [])
  assert.ok(asked)
  ledger.fold(game, [{ kind: 'no-answer', question: asked, did: alice, at: START }])
  // A newer reason does not have the same server asked any sooner, and its question outlasts an answer to the one before.
  ledger.fold(game, [sync(4)])
  const [again] = open('repository')
  assert.ok(again && again.id !== asked.id)
  assert.deepEqual([again.tries, again.due], [1, START / 1e6 + 30])
  const answer = { kind: 'repository-answer', did: alice, at: START } as const
  ledger.fold(game, [{ ...answer, question: asked.id }])
  assert.equal(open('repository').length, 1)
  ledger.fold(game, [{ ...answer, question: again.id }])
  assert.deepEqual(open('repository'), [])

  const [first] = open('profile')
  assert.ok(first)
  ledger.fold(asking, [{ kind: 'no-answer', question: first, did: alice, at: START }])
  // Somebody looks; then there is a new identity.
  ledger.fold(asking, [{ kind: 'look-up', wish: '1', did: alice, at: START }])
  assert.deepEqual(
    open('profile').map(({ id, tries, due }) => [id !== first.id, tries, due]),
    [[true, 0, 0]],
  )
  ledger.fold(game, [identity(9), { kind: 'look-up', wish: '2', did: alice, at: START }, identity(9)])
  assert.deepEqual(
    open('profile').map(({ tries, due }) => [tries, due]),
    [[0, 0]],
  )
})

test('who is forgotten in the batch that names them is named by nothing in it', () => {
  const forget: Operation = { kind: 'forget', wish: '1', did: bob, at: START + 4e6 }
  const batches: Operation[][] = [
    [repostOf(2), forget],
    [commit({ n: 1, did: bob }), repostOf(2), forget],
    [repostOf(2), commit({ n: 3, did: bob }), repostOf(3), forget],
  ]
  for (const batch of batches) {
    const ledger = new MemoryLedger()
    ledger.fold(game, batch)
    for (const [, state] of ledger.records(alice)) assert.equal(state.facts?.subject, undefined)
    assert.ok(ledger.questions.every((question) => question.kind !== 'subject'))
    ledger.assertBalanced()
  }
})
