// Tallies of days, against sums over all records.
import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import type { Did } from '../../src/atproto/event.ts'
import { claimedDay, dayNamed } from '../../src/game/days.ts'
import { decide } from '../../src/game/decide.ts'
import type { Game } from '../../src/game/game.ts'
import type { Operation } from '../../src/game/operation.ts'
import { NO_CHANGES, rulebook } from '../../src/game/rulebook.ts'
import { type Known, type RecordState, unknownActor } from '../../src/game/state.ts'
import { ALL_DAYS } from '../../src/game/time.ts'
import { touched } from '../../src/game/touched.ts'
import { daysToRead, spansToRead } from '../../src/store/day-spans.ts'
import { MemoryLedger } from '../memory-ledger.ts'
import { cut, FOLLOW, game, LIKE, longStream, POST, person, REPOST, START, tid } from './arbitrary.ts'
import {
  alice,
  bob,
  bring,
  commit,
  DESCRIBED,
  ledgerOf,
  like,
  removal,
  repository,
  repost,
  status,
} from './operations.ts'

const DAY = 86_400_000_000
const TODAY = Math.floor(START / DAY)
/** Operations of this day, counted from the first. */
const on = (day: number) => ({ at: START + day * DAY })
const days = (ledger: MemoryLedger, did = alice) =>
  ledger
    .allDays(did)
    .map(({ day, experience, claimed, counts }) => [
      day - TODAY,
      experience,
      claimed,
      Object.fromEntries(counts),
    ])
const recompute = (did: Did): Operation => ({ kind: 'recompute', did, at: START })

test('a record counts on the day of its first witness, whatever becomes of it', () => {
  const [old, other] = [commit({ n: 1, ...on(0) }), commit({ n: 2, ...on(0) })]
  const ledger = ledgerOf([old, other, like(3, on(0)), commit({ n: 4, ...on(2) })])
  assert.deepEqual(days(ledger), [
    [0, 110, 0, { 'post.text': 2, like: 1 }],
    [2, 50, 0, { 'post.text': 1 }],
  ])
  ledger.fold(game, [{ ...old, ...on(3), rev: tid(5), op: 'update', record: DESCRIBED }])
  ledger.fold(game, [{ ...removal(6, other), ...on(3) }])
  assert.deepEqual(days(ledger), [
    [0, 80, 0, { like: 1, 'post.alt': 1 }],
    [2, 50, 0, { 'post.text': 1 }],
  ])
  ledger.fold(game, [
    { ...removal(7, like(3)), ...on(3) },
    { ...removal(8, old), ...on(3) },
  ])
  assert.deepEqual(days(ledger), [[2, 50, 0, { 'post.text': 1 }]])
  ledger.assertBalanced()
})

test('an edit that changes nothing writes no row of an earlier day', () => {
  const old = commit({ n: 1, ...on(0) })
  const ledger = ledgerOf([old, commit({ n: 2, ...on(1) })])
  const { actors } = ledger.fold(game, [{ ...old, ...on(1), rev: tid(3), op: 'update' }])
  assert.deepEqual(actors.get(alice)?.days, new Map())
})

test('a later day ends the running one with one row, and no event of a day writes one', () => {
  const ledger = ledgerOf([commit({ n: 1, ...on(0) })])
  assert.equal(ledger.fold(game, [like(2, on(0))]).actors.get(alice)?.days.size, 0)
  const { actors } = ledger.fold(game, [like(3, on(1)), like(4, on(1)), like(5, on(2))])
  assert.deepEqual([...(actors.get(alice)?.days.keys() ?? [])], [TODAY, TODAY + 1])
})

test('what the subject shows counts on the day of the repost', () => {
  const first = repost(1, bob, 9, on(0))
  const answer: Operation = {
    kind: 'subject-answer',
    question: '0',
    tries: 0,
    ...{ did: alice, collection: REPOST, rkey: first.rkey, rev: first.rev },
    subject: { did: bob, collection: POST, rkey: tid(9) },
    ...on(4),
    media: 'alt',
  }
  const ledger = ledgerOf([first, like(2, on(1)), answer])
  assert.deepEqual(days(ledger), [
    [0, 70, 0, { 'repost.alt': 1 }],
    [1, 10, 0, { like: 1 }],
  ])
})

test('a baseline, what is only tracked, and what cannot be read belong to no day', () => {
  const profile = { handle: undefined, displayName: undefined, avatar: undefined, asked: START }
  const asked: Operation = {
    kind: 'profile-answer',
    question: '1',
    tries: 0,
    ...{ did: alice, ...on(0), profile, optedOut: false, postsCount: 100 },
  }
  const unread = commit({ n: 3, collection: LIKE, record: { subject: 7 } })
  const tracked = commit({ n: 2, collection: FOLLOW })
  const ledger = ledgerOf([commit({ n: 1 }), tracked, unread, asked], { ...game, baseline: 'posts' })
  assert.deepEqual(days(ledger), [[0, 50, 0, { 'post.text': 1 }]])
  assert.ok((ledger.actor(alice)?.experience ?? 0) > 1_000)
})

test('records that a replaced repository has no more leave their days, and a purge takes all', () => {
  const posts = [commit({ n: 1, ...on(0) }), commit({ n: 2, ...on(1) }), commit({ n: 3, ...on(2) })]
  const ledger = ledgerOf([...posts, { ...repository(9, [`${POST}/${tid(2)}`]), ...on(3) }])
  assert.deepEqual(days(ledger), [[1, 50, 0, { 'post.text': 1 }]])
  ledger.fold(game, [commit({ n: 12, ...on(4) }), status(13, 'deleted')])
  assert.deepEqual([days(ledger), ledger.days(alice).size], [[], 0])
  ledger.fold(game, [{ ...status(14, 'active') }, commit({ n: 15, ...on(1) })])
  assert.deepEqual(days(ledger), [[1, 50, 0, { 'post.text': 1 }]])
})

test('who is purged in the middle of a batch keeps what came after', () => {
  const ledger = ledgerOf([commit({ n: 1, ...on(0) }), commit({ n: 2, ...on(1) })])
  ledger.fold(game, [
    commit({ n: 3, ...on(2) }),
    status(4, 'deleted'),
    status(5, 'active'),
    commit({ n: 6, ...on(0) }),
    commit({ n: 7, ...on(1) }),
  ])
  assert.deepEqual(days(ledger), [
    [0, 50, 0, { 'post.text': 1 }],
    [1, 50, 0, { 'post.text': 1 }],
  ])
  ledger.assertBalanced()
})

test('what a fetched repository brought counts on the day that it claims, and in no period and under no cap', () => {
  const capped: Game = { ...game, rules: rulebook({ ...NO_CHANGES, caps: { [POST]: 50 } }) }
  const ledger = ledgerOf([commit({ n: 100 })], capped)
  bring(ledger, 1, TODAY - 400)
  bring(ledger, 2, TODAY - 400)
  assert.deepEqual(days(ledger), [
    [-400, 0, 100, { 'post.text': 2 }],
    [0, 50, 0, { 'post.text': 1 }],
  ])
  assert.deepEqual([ledger.actor(alice)?.experience, ledger.actor(alice)?.periods.month], [150, 50])
  // An edit by the stream does not make it witnessed, and is not bounded by what was granted on any day.
  ledger.fold(capped, [commit({ n: 101, rkey: tid(1), op: 'update', record: DESCRIBED })])
  const claimed = [
    [-400, 0, 120, { 'post.alt': 1, 'post.text': 1 }],
    [0, 50, 0, { 'post.text': 1 }],
  ]
  assert.deepEqual(days(ledger), claimed)
  ledger.fold(capped, [recompute(alice)])
  assert.deepEqual(days(ledger), claimed)
  ledger.assertBalanced()
  // A deletion takes it back there; what is made anew under its key was witnessed.
  ledger.fold(capped, [
    { ...removal(102, commit({ n: 1 })) },
    { ...commit({ n: 103, rkey: tid(1) }), at: START + 3 * DAY },
  ])
  assert.deepEqual(days(ledger), [
    [-400, 0, 50, { 'post.text': 1 }],
    [0, 50, 0, { 'post.text': 1 }],
    [3, 50, 0, { 'post.text': 1 }],
  ])
  ledger.assertBalanced()
})

test('a claimed day is that of the key, else of the record, and neither to come nor before Bluesky', () => {
  const key = tid(0)
  const day = (text: string) => Math.floor(Date.parse(text) / 86_400_000)
  const first = day('2022-11-01')
  for (const [rkey, createdAt, witnessed, expected] of [
    [key, '2024-01-01T00:00:00Z', TODAY + 9, TODAY],
    [key, undefined, TODAY, TODAY],
    [key, '2024-01-01T00:00:00Z', TODAY - 1, day('2024-01-01')],
    [key, undefined, TODAY - 1, TODAY - 1],
    ['self', '2024-01-01T23:59:59.999Z', TODAY, day('2024-01-01')],
    ['self', '2024-01-01T23:59:59.999-01:00', TODAY, day('2024-01-02')],
    ['self', '2999-01-01T00:00:00Z', TODAY, TODAY],
    ['self', '2022-11-01T00:00:00Z', TODAY, first],
    ['self', '2022-10-31T23:59:59Z', TODAY, TODAY],
    ['self', 'yesterday', TODAY, TODAY],
    ['self', 7, TODAY, TODAY],
    ['jzzzzzzzzzzzz', '2024-01-01T00:00:00Z', TODAY, day('2024-01-01')],
  ] as const) {
    assert.equal(
      claimedDay(rkey, dayNamed(createdAt), witnessed),
      expected,
      `${rkey} ${createdAt} ${witnessed}`,
    )
  }
})

test('of a ledger from before there were days, a recompute adds all up', () => {
  fc.assert(
    fc.property(longStream, (events) => {
      const [ledger, expected] = [ledgerOf(events), ledgerOf(events)]
      ledger.ended.clear()
      for (const [did, actor] of ledger.actors) {
        const { running, earlier } = unknownActor(did)
        ledger.actors.set(did, { ...actor, running, earlier })
      }
      const by: Game = { ...game, rules: rulebook({ ...NO_CHANGES, points: { 'post.alt': 100 } }) }
      for (const did of expected.actors.keys()) {
        ledger.fold(by, [recompute(did)])
        expected.fold(by, [recompute(did)])
        assert.deepEqual(ledger.allDays(did), expected.allDays(did))
      }
      ledger.assertBalanced()
    }),
  )
})

/** As much of a ledger as a store loads, and no more. */
function loaded(ledger: MemoryLedger, by: Game, operations: readonly Operation[]): Known {
  const wanted = touched(by, operations)
  const spans = [
    ...daysToRead(wanted, {
      state: (did) => ledger.actor(did),
      records: (did) =>
        wanted.records.filter((id) => id.did === did).flatMap((id) => ledger.record(id) ?? []),
    }),
  ]
  const isLoaded = (did: Did, day: number) =>
    spans.some(([of, { first, last }]) => of === did && day >= first && day <= last)
  return {
    actor: (did) => ledger.actor(did),
    record: (id) => ledger.record(id),
    ownerOf: (handle) => ledger.ownerOf(handle),
    records: (did) => ledger.records(did),
    part: (did) => ledger.part(did),
    isMoved: (did) => ledger.isMoved(did),
    granted: (did) => ledger.granted(did),
    days: (did) => new Map([...ledger.days(did)].filter(([day]) => isLoaded(did, day))),
  }
}

test('any stream, cut anywhere and with times that go back, leads to the sums of its records, by what is loaded', () => {
  const capped: Game = { ...game, rules: rulebook({ ...NO_CHANGES, caps: { [POST]: 120, [LIKE]: 15 } }) }
  const extra = fc.array(
    fc.record({ at: fc.nat({ max: 60 }), who: fc.nat({ max: 3 }), what: fc.nat({ max: 2 }) }),
    { maxLength: 4 },
  )
  const sizes = fc.array(fc.nat({ max: 12 }))
  fc.assert(
    fc.property(longStream, sizes, extra, fc.boolean(), (events, lengths, others, caps) => {
      const by = caps ? capped : game
      const operations: Operation[] = events.map((event, i) => ({
        ...event,
        at: START + ((i * 7) % 11) * 5 * 3_600_000_000,
      }))
      for (const { at, who, what } of others) {
        const did = person(who)
        const wish = { wish: '1', did, at: START } as const
        const other: Operation[] = [
          recompute(did),
          { kind: 'forget', ...wish },
          { ...repository(40, [`${POST}/${tid(1)}`, `${LIKE}/${tid(2)}`], { did }), rev: tid(90) },
        ]
        operations.splice(at, 0, other[what] ?? assert.fail())
      }
      const ledger = new MemoryLedger()
      for (const piece of cut(operations, lengths)) {
        ledger.commit(decide(by, loaded(ledger, by, piece), piece))
        ledger.assertBalanced()
      }
    }),
    { numRuns: 300 },
  )
})

test('operations of the running day need no other day', () => {
  const ledger = ledgerOf([commit({ n: 1, ...on(0) }), commit({ n: 2, ...on(5) })])
  const actor = ledger.actor(alice) ?? assert.fail()
  const [old, late] = [ledger.record(commit({ n: 1 })), ledger.record(commit({ n: 2 }))].map(
    (x) => x ?? assert.fail(),
  )
  assert.deepEqual(spansToRead(actor, TODAY + 5, []), [])
  assert.deepEqual(spansToRead(actor, TODAY + 6, [late as RecordState]), [])
  assert.equal(spansToRead(actor, TODAY + 5, [old as RecordState]).length, 1)
  assert.deepEqual(spansToRead({ ...actor, earlier: new Map() }, TODAY, []), [])
  const [span] = spansToRead(actor, TODAY, [])
  // That day is Sunday, 2025-06-15.
  const day = (text: string) => Date.parse(text) / 86_400_000
  assert.deepEqual(span, { first: day('2025-06-01'), last: day('2025-06-30') })
})

test('the days of a person of whom all are needed are read once', () => {
  const operations = [commit({ n: 1, ...on(0) }), commit({ n: 2, ...on(5) })]
  const ledger = ledgerOf(operations)
  const people = { state: (did: Did) => ledger.actor(did), records: () => [] }
  const wanted = touched(game, [commit({ n: 3, ...on(0) }), status(4, 'deactivated'), recompute(alice)])
  assert.deepEqual([...daysToRead(wanted, people)], [[alice, ALL_DAYS]])
  const others = touched(game, [status(4, 'deactivated'), { ...status(5, 'deleted'), did: bob }])
  assert.deepEqual(
    [...daysToRead(others, people)].map(([did]) => did),
    [alice],
  )
})
