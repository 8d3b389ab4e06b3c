// The state that a store has to load: everything that `decide` may look at, and no more.
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { baselineOf } from '../../src/game/baseline.ts'
import type { Game } from '../../src/game/game.ts'
import type { ImportedRecord, Operation } from '../../src/game/operation.ts'
import { NO_CHANGES, rulebook } from '../../src/game/rulebook.ts'
import { NO_FACTS } from '../../src/game/rules/rule.ts'
import { nothingTouched, type Touched, touched } from '../../src/game/touched.ts'
import { game, LIKE, POST, REPOST, tid } from './arbitrary.ts'
import { alice, bob, commit, like, removal, repost, second } from './operations.ts'

const capped: Game = { ...game, rules: rulebook({ ...NO_CHANGES, caps: { [REPOST]: 60, [LIKE]: 20 } }) }
const counting: Game = { ...game, baseline: 'posts' }
const about = { did: alice, at: second(9) }
const wish = { ...about, wish: '1' }
const answer = { ...about, question: '1', tries: 0 }
const today = Math.floor(second(9) / 86_400_000_000)
const id = (did: typeof alice, collection: typeof POST, n: number) => ({ did, collection, rkey: tid(n) })
const subject = id(bob, POST, 1)
const said = { ...answer, optedOut: false, postsCount: 1 }
const profile = { handle: 'alice.test', displayName: undefined, avatar: undefined, asked: second(9) } as const

const imported = (collection: typeof POST, n: number, author?: typeof alice): ImportedRecord => ({
  collection,
  rkey: tid(n),
  facts: { ...NO_FACTS, subject: author && id(author, POST, n) },
  claimed: 20_000,
})

const NOTHING: Touched = { ...nothingTouched(), actors: new Set([alice]) }
const days = new Map([[today, new Set([alice])]])
const allDays = new Set([alice])

const TABLE: readonly [string, Operation, Partial<Touched>, Game?][] = [
  ['a post', commit({ n: 2 }), { days, records: [id(alice, POST, 2)] }],
  [
    'a profile record, which may hide the person',
    commit({ n: 2, collection: 'app.bsky.actor.profile' }),
    { allDays },
  ],
  ['a record that is not followed', commit({ n: 2, collection: 'app.bsky.graph.block' }), {}],
  [
    'a record with a cap',
    like(2),
    { days, records: [id(alice, LIKE, 2)], grants: new Map([[alice, new Set([today])]]) },
    capped,
  ],
  [
    'a repost',
    repost(2, bob, 1),
    { days, actors: new Set([alice, bob]), records: [id(alice, REPOST, 2), subject] },
  ],
  ['a deletion', removal(3, repost(2, bob, 1)), { days, records: [id(alice, REPOST, 2)] }],
  [
    'what a repost shows',
    { kind: 'subject-answer', ...answer, ...id(alice, REPOST, 2), rev: tid(2), subject, media: 'alt' },
    {
      days,
      actors: new Set([alice, bob]),
      records: [id(alice, REPOST, 2), subject],
      grants: new Map([[alice, new Set([today])]]),
    },
    capped,
  ],
  [
    'that nobody knows what a repost shows',
    {
      kind: 'no-answer',
      ...about,
      question: { kind: 'subject', id: '1', tries: 0, ...id(alice, REPOST, 2), rev: tid(2), subject },
    },
    {
      days,
      actors: new Set([alice, bob]),
      records: [id(alice, REPOST, 2), subject],
      grants: new Map([[alice, new Set([today])]]),
    },
    capped,
  ],
  [
    'nobody knows who it is',
    { kind: 'no-answer', ...about, question: { kind: 'profile', id: '1', tries: 0, did: alice } },
    { allDays },
  ],
  ['a profile', { kind: 'profile-answer', ...said, profile }, { allDays, handles: new Set(['alice.test']) }],
  [
    'a profile without a handle',
    { kind: 'profile-answer', ...said, profile: { ...profile, handle: undefined } },
    { allDays },
  ],
  ['no profile', { kind: 'profile-answer', ...said, profile: undefined }, { allDays }],
  [
    'a profile where posts from before count',
    { kind: 'profile-answer', ...said, profile: undefined },
    { allDays, records: [baselineOf(alice)] },
    counting,
  ],
  ['a repository that has been read', { kind: 'repository-answer', ...answer }, {}],
  [
    'what a repository lacks',
    { kind: 'absent', ...about, rev: tid(9), records: [id(alice, LIKE, 1)] },
    { allDays, records: [id(alice, LIKE, 1)] },
  ],
  [
    'what an imported repository has',
    {
      kind: 'import-records',
      ...about,
      rev: tid(9),
      since: undefined,
      records: [imported(LIKE, 1), imported(REPOST, 2, bob)],
    },
    {
      allDays,
      actors: new Set([alice, bob]),
      records: [
        baselineOf(alice),
        { did: alice, collection: LIKE, rkey: tid(1) },
        { did: alice, collection: REPOST, rkey: tid(2) },
        { did: bob, collection: POST, rkey: tid(2) },
      ],
    },
  ],
  [
    'what an imported repository has, under caps',
    { kind: 'import-records', ...about, rev: tid(9), since: undefined, records: [imported(LIKE, 1)] },
    {
      allDays,
      records: [baselineOf(alice), { did: alice, collection: LIKE, rkey: tid(1) }],
      grants: new Map([[alice, new Set()]]),
    },
    capped,
  ],
  [
    'a repository that is imported',
    { kind: 'import-head', ...about, rev: tid(9) },
    { records: [baselineOf(alice)] },
  ],
  ['the end of an import', { kind: 'import-end', ...about, question: '1', brought: undefined }, {}],
  ['the wish to import', { kind: 'import', ...wish }, {}],
  ['the wish not to', { kind: 'cancel-import', ...wish, question: '1' }, {}],
  ['a recompute', { kind: 'recompute', ...about }, { whole: new Set([alice]) }],
  ['an identity', { kind: 'identity', ...about, handle: undefined }, {}],
  ['a status', { kind: 'account', ...about, time: 1, status: 'deleted' }, { allDays }],
  ['a replaced repository', { kind: 'sync', ...about, rev: tid(9) }, {}],
  [
    'a repository that sleeps',
    { kind: 'inactive', ...about, question: { kind: 'repository', id: '1', tries: 0, did: alice } },
    {},
  ],
  ['the wish to be forgotten', { kind: 'forget', ...wish }, { allDays }],
  ['the wish not to be any more', { kind: 'unforget', ...wish, floor: tid(9) }, { allDays }],
  ['the wish to be hidden', { kind: 'hide', ...wish }, { allDays }],
  ['the wish to leave', { kind: 'leave', ...wish }, { allDays }],
  ['the wish to return', { kind: 'return', ...wish, floor: tid(9) }, { allDays }],
  ['a visitor', { kind: 'look-up', ...wish }, {}],
  ['that somebody is followed', { kind: 'follow', ...about, followed: true }, { allDays }],
]

for (const [what, operation, wanted, by = game] of TABLE) {
  test(`${what} touches what it may look at`, () => {
    const { records, ...rest } = touched(by, [operation])
    const ids = records.map(({ did, collection, rkey }) => ({ did, collection, rkey }))
    assert.deepEqual({ ...rest, records: ids }, { ...NOTHING, ...wanted })
  })
}
