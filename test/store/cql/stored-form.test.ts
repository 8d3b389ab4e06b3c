import assert from 'node:assert/strict'
import { test } from 'node:test'
import { NO_TALLY } from '../../../src/game/days.ts'
import type { ActorState, LedgerEvent, RecordState } from '../../../src/game/state.ts'
import { unknownActor } from '../../../src/game/state.ts'
import { noteMutation, takeOut } from '../../../src/store/cql/inbox.ts'
import { shardOf } from '../../../src/store/cql/rows/buckets.ts'
import { characterMutation, nobody, type StoredCharacter } from '../../../src/store/cql/rows/character-row.ts'
import { dayMutation } from '../../../src/store/cql/rows/day-row.ts'
import { eventMutations, eventOf } from '../../../src/store/cql/rows/event-row.ts'
import { completed, type Mutation } from '../../../src/store/cql/rows/mutations.ts'
import { recordMutations } from '../../../src/store/cql/rows/record-row.ts'
import { ShardTotals } from '../../../src/store/cql/shards/shard-totals.ts'
import { openAgain } from '../../../src/store/cql/writing/plan-questions.ts'
import { queued } from '../../../src/store/reconciliation.ts'
import { visibilityOf } from '../../../src/store/visibility.ts'
import { person } from '../../game/arbitrary.ts'

// Batches in the journal hold values by their place alone, and any later version has to read them: none of these orders may
// ever change, except that columns are added at the end.

const did = person(0)
const other = person(1)
const post = 'app.bsky.feed.post'
const event: LedgerEvent = {
  did,
  collection: post,
  rkey: '3kpost',
  at: 1_700_000_000_000_000,
  cause: 'create',
  reason: 'post.text',
  delta: 10,
  experience: 120,
  rules: 13,
}
const leveling = {
  level: 1,
  experience: 120,
  experience_to_next_level: 30,
  levels_gained: 0,
  progress_percentage: 80,
}

test('a character in the journal', () => {
  const state: ActorState = {
    ...unknownActor(did),
    born: true,
    introduced: true,
    experience: 120,
    lastDelta: 10,
    updatedAt: 1_700_000_000_000_000,
    periods: { day: 19_675, week: 60, month: 90 },
    running: { day: 19_676, experience: 20, claimed: 30, counts: new Map([['like', 2]]) },
    earlier: new Map([['post.text', 7]]),
    described: 4,
    statusTime: 5,
    rev: '3krev',
    floor: '3kfloor',
    head: '3khead',
    purgedTime: 4,
    profileRev: '3kprofile',
    namedAt: 6,
    handle: 'stream.test',
  }
  const character: StoredCharacter = {
    ...nobody(did),
    state,
    kinds: new Map([[post, { live: 3, lastSeq: 9, firstSeq: 2, greatest: '3kgreatest' }]]),
    records: 4,
    lastSeq: 11,
    firstSeq: 2,
    profile: { handle: 'profile.test', displayName: 'Name', avatar: 'cid', asked: 7 },
    rules: 12,
    open: { profile: { due: 8, number: 1, tries: 2 } },
  }
  const expected: Mutation = [
    'character',
    did,
    leveling,
    120,
    10,
    1_700_000_000_000,
    19_675,
    60,
    90,
    visibilityOf(state),
    5,
    '3krev',
    '3kfloor',
    null,
    { [post]: { live: 3, last_seq: 9, first_seq: 2, greatest: '3kgreatest' } },
    4,
    11,
    2,
    'profile.test',
    'Name',
    'cid',
    7,
    77,
    4,
    '{"profile":{"due":8,"number":1,"tries":2}}',
    '3kprofile',
    6,
    'stream.test',
    19_676,
    20,
    30,
    { like: 2 },
    { 'post.text': 7 },
    4,
    '3khead',
    12,
  ]
  assert.deepEqual(characterMutation(character, 77), expected)
})

test('a record in the journal', () => {
  const facts = {
    media: 'alt',
    subject: { did: other, collection: post, rkey: '3ksubject' },
    own: undefined,
  } as const
  const state: RecordState = {
    rev: '3krev',
    live: true,
    xp: 10,
    facts,
    at: 1_700_000_000,
    capped: false,
    claimed: undefined,
  }
  const id = { did, collection: post, rkey: '3kpost' } as const
  const subject = `at://${other}/${post}/3ksubject`
  const record = ['record', did, 12, post, '3kpost', '3krev', true, 10, true, 'alt', subject, 1_700_000_000]
  const mutationsOf = (before: RecordState | undefined, own: string | undefined) =>
    recordMutations(id, 12, { before, state: { ...state, facts: { ...facts, own } } })
  assert.deepEqual(mutationsOf(undefined, undefined), [[...record, false]])
  // A fact of its rule's own is written beside it, where it is another than before.
  const german = { ...state, facts: { ...facts, own: 'de' } }
  const ownFact = ['ownFact', did, 12, post, '3kpost']
  assert.deepEqual(mutationsOf(undefined, 'de'), [
    [...record, false],
    [...ownFact, 'de'],
  ])
  assert.deepEqual(mutationsOf(german, 'fr'), [
    [...record, false],
    [...ownFact, 'fr'],
  ])
  assert.deepEqual(mutationsOf(german, 'de'), [[...record, false]])
  assert.deepEqual(mutationsOf(german, undefined), [
    [...record, false],
    [...ownFact, null],
  ])
  // So is the day that it claims.
  const old = { ...state, claimed: 19_600 }
  const claimedDay = ['claimedDay', did, 12, post, '3kpost']
  const claims = (before: RecordState | undefined, now: RecordState) =>
    recordMutations(id, 12, { before, state: now }).slice(1)
  assert.deepEqual(claims(undefined, old), [[...claimedDay, 19_600]])
  assert.deepEqual(claims(old, old), [])
  assert.deepEqual(claims(old, state), [[...claimedDay, null]])
})

test('a day in the journal', () => {
  const tally = { experience: 20, claimed: 30, counts: new Map([['like', 2]]) }
  assert.deepEqual(dayMutation(did, 19_676, tally), ['day', did, 19_676, 20, 30, { like: 2 }])
  assert.deepEqual(dayMutation(did, 19_676, NO_TALLY), ['dropDay', did, 19_676])
})

test('an event in the journal, and as followers read it there', () => {
  const [inAll, byType] = eventMutations(event, 20_005, 10_003)
  assert.deepEqual(inAll, [
    ...['event', did, 2, 20_005, 1_700_000_000_000, post, '3kpost', 'create', 'post.text', 10],
    ...[leveling, 10_003, 13],
  ])
  assert.deepEqual(byType, [
    ...['eventByType', did, post, 1, 10_003, 1_700_000_000_000, '3kpost', 'create', 'post.text', 10],
    leveling,
    13,
  ])
  assert.deepEqual(inAll && eventOf(inAll), event)
  assert.equal(byType && eventOf(byType), undefined)
})

test('inbox items in the journal', () => {
  const note = { kind: 'unhandle', did, handle: 'stream.test' } as const
  const [statement, shard, id, ...values] = noteMutation(note, 8, 5)
  assert.deepEqual([statement, shard], ['letter', shardOf(did, 8)])
  assert.match(String(id), /^00000000000000005-[0-9a-f-]{36}$/)
  assert.deepEqual(values, ['unhandle', did, 5, JSON.stringify(note), 5])
  assert.deepEqual(takeOut({ shard: 2, id: 'name', written: 6 }), ['takeOut', 6, 2, 'name'])
})

test('the totals of a shard and an open question in the journal', () => {
  const totals = new ShardTotals({
    shard: 3,
    row: undefined,
    histogram: [],
    board: [],
    periodBoards: [],
  })
  totals.countRecords(5)
  totals.countEvents(6)
  totals.noteDay(19_675)
  totals.inboxFrom = '0001'
  totals.settled = 14
  totals.moveOn({ after: other, part: { did, from: '0/a/b' }, visited: 15 })
  totals.reconciliation = queued(undefined, { since: 16, at: 17 }, 18)
  const mutations: Mutation[] = []
  const plan = { totals, mutations, changed: new Map(), counts: [], time: 1, forgets: false }
  const question = {
    kind: 'subject',
    did,
    collection: 'app.bsky.feed.repost',
    rkey: '3krepost',
    rev: '3krev',
    subject: { did: other, collection: post, rkey: '3ksubject' },
  } as const
  openAgain(plan, question, nobody(did))
  const subject = `at://${other}/${post}/3ksubject`
  assert.deepEqual(mutations, [
    ['openQuestion', 3, 'subject', 0, 1, did, question.collection, '3krepost', '3krev', subject, 0],
  ])
  const none = { subject: 0, profile: 0, repository: 0, import: 0 }
  const cursor = { host: 'host.test', wire: 'v1', value: 8, at: 9 }
  const [sums, ...rest] = totals.mutations({ seq: 7, cursor })
  assert.deepEqual(rest, [])
  assert.deepEqual(sums, [
    ...['books', 3, 7, 'host.test', 'v1', 8, 9, 0, 5, 6, 0, 2, 19_675, -1],
    ...[
      { ...none, subject: 1 },
      none,
      0,
      none,
      '0001',
      0,
      {},
      14,
      other,
      JSON.stringify({ did, from: '0/a/b' }),
      15,
      '{"since":16,"latest":16,"at":17,"people":18,"isBegun":false,"checked":0,"changed":0,"failed":0}',
    ],
  ])
})

test('a batch of a version before a column is completed with nothing at the end', () => {
  const early: Mutation = ['books', 0, 1, null, null, null, null, 0, 0, 0, 0, 1, null, 0, {}, {}]
  assert.deepEqual(completed(early), [...early, ...Array.from({ length: 10 }, () => null)])
})
