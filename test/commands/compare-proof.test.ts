import assert from 'node:assert/strict'
import { test } from 'node:test'
import { createRaw } from '@atcute/tid'
import type { ProofRecord } from '../../src/api/proof.ts'
import type { Micros } from '../../src/atproto/event.ts'
import type { ReadRecord } from '../../src/bluesky/repository/record-list.ts'
import { type CompareOptions, compareProof } from '../../src/commands/check/compare-proof.ts'
import { levelOf } from '../../src/game/levels.ts'
import type { Media } from '../../src/game/media.ts'
import { NO_CHANGES, rulebook } from '../../src/game/rulebook.ts'
import { LIKE, POST, person, REPOST, START } from '../game/arbitrary.ts'

const did = person(0)
const HOUR = 3_600_000_000
/** The key and revision of second `n`. */
const tid = (n: number): string => createRaw(START + n * 1_000_000, 0)

const POSTED = `at://${person(1)}/${POST}/${tid(1)}` as const

/** A record made at second `n`, as the repository has it. */
function made(n: number, collection = LIKE, media?: Media): ReadRecord {
  return {
    path: `${collection}/${tid(n)}`,
    facts: { media, subject: undefined, own: undefined },
    claimed: 20_254,
  }
}

/** The same as the server counts it. */
function counted(n: number, experience: number, reason = 'like', collection = LIKE): ProofRecord {
  const witnessed = new Date((START + n * 1_000_000) / 1000).toISOString()
  return { kind: 'record', collection, rkey: tid(n), rev: tid(n), reason, experience, witnessed }
}

function reposted(n: number): ReadRecord {
  const subject = { did: person(1), collection: POST, rkey: tid(1) }
  return {
    path: `${REPOST}/${tid(n)}`,
    facts: { media: undefined, subject, own: undefined },
    claimed: 20_254,
  }
}

function compared(
  repository: readonly ReadRecord[],
  records: readonly ProofRecord[],
  {
    caps = {},
    media,
    seconds = 200,
    ...rest
  }: {
    caps?: Record<string, number>
    media?: Media
    seconds?: number
    now?: Micros
    rev?: string
    experience?: number
    level?: number
  } = {},
) {
  const sum = records.reduce((total, { experience }) => total + experience, 0)
  const experience = rest.experience ?? sum
  const seenUpTo = new Date((START + seconds * 1_000_000) / 1000).toISOString()
  const options: CompareOptions = {
    did,
    rules: rulebook({ ...NO_CHANGES, caps }),
    proof: {
      head: {
        kind: 'proof',
        did,
        experience,
        level: rest.level ?? levelOf(experience),
        version: '1',
        seenUpTo,
      },
      records,
    },
    repository: { rev: rest.rev ?? tid(100), records: repository },
    mediaOf: (uri) => (uri === POSTED ? media : undefined),
    now: rest.now ?? START + 300_000_000,
  }
  const { equal, explained, differences } = compareProof(options)
  return { equal, explained: Object.fromEntries(explained), differences }
}

const xp = (reason: string): number => rulebook(NO_CHANGES).points[reason] ?? assert.fail(reason)

test('records that both have alike are equal', () => {
  const found = compared(
    [made(1), made(2, POST, 'alt')],
    [counted(1, xp('like')), counted(2, xp('post.alt'), 'post.alt', POST)],
  )
  assert.deepEqual(found, { equal: 2, explained: {}, differences: [] })
})

test('more XP, another reason, records that are not there and wrong sums are differences', () => {
  for (const [repository, records, options, told] of [
    [[made(1)], [counted(1, 500)], {}, /like\/\S+ counts 500 XP \(like\), and by the rules \d+ \(like\)/],
    [
      [made(1, POST, 'text')],
      [counted(1, xp('post.alt'), 'post.alt', POST)],
      {},
      /counts \d+ XP \(post\.alt\), and by the rules \d+ \(post\.text\)/,
    ],
    [[made(1)], [counted(1, xp('like')), counted(2, xp('like'))], {}, /is not in the repository/],
    [[made(1)], [counted(1, xp('like')), counted(1, xp('like'))], {}, /counted twice/],
    [[made(1), made(2)], [counted(1, xp('like'))], {}, /the server does not count it/],
    [
      [made(1)],
      [counted(1, xp('like'))],
      { experience: 9_000 },
      /its records have \d+ XP together, and it shows 9000/,
    ],
    [[made(1)], [counted(1, xp('like'))], { level: 77 }, /it shows 77/],
    [
      [made(1), made(2)],
      [counted(1, xp('like')), counted(2, xp('like'))],
      { caps: { [LIKE]: xp('like') } },
      /app\.bsky\.feed\.like on 2025-06-15 has more than the cap/,
    ],
  ] as const) {
    const { differences } = compared(repository, records, options)
    assert.equal(differences.length, 1, differences.join('\n'))
    assert.match(differences[0] ?? '', told)
  }
})

test('what the server cannot have yet, or has no more, is explained, unless it is far behind', () => {
  const records = [counted(10, xp('like'))]
  assert.deepEqual(compared([made(1), made(10)], records).explained, { 'from before this server': 1 })
  assert.deepEqual(compared([made(10), made(190)], records).explained, { 'not seen by the server yet': 1 })
  const gone = [...records, counted(11, xp('like'))]
  const lately = { seconds: 90, rev: tid(120) }
  assert.deepEqual(compared([made(10)], gone, lately).explained, { 'changed since the server saw it': 1 })
  const { differences } = compared([made(10)], gone, { ...lately, now: START + 90_000_000 + HOUR })
  assert.match(differences[0] ?? '', /is not in the repository/)
})

test('a repost counts by media that anybody knows; where nobody does, by one of its reasons', () => {
  const of = (reason: string, media?: Media) =>
    compared([reposted(1)], [counted(1, xp(reason), reason, REPOST)], media === undefined ? {} : { media })
  assert.equal(of('repost.alt', 'alt').equal, 1)
  assert.deepEqual(of('repost.alt').explained, { 'reposts of posts whose media are not known': 1 })
  // The server may not know them yet, and counts less.
  assert.deepEqual(of('repost.text', 'alt').explained, { 'reposts of posts whose media are not known': 1 })
  assert.match(of('repost.alt', 'text').differences[0] ?? '', /by the rules \d+ \(repost\.text\)/)
  const much = compared([reposted(1)], [counted(1, 5_000, 'repost.alt', REPOST)])
  assert.match(much.differences[0] ?? '', /counts 5000 XP/)
})

test('a cap keeps records down, and pays for none', () => {
  const caps = { [LIKE]: 15 }
  const less = { ...counted(2, 5), capped: true }
  const found = compared([made(1), made(2)], [counted(1, xp('like')), less], { caps })
  assert.deepEqual([found.differences, found.explained], [[], { 'kept down by a cap': 1 }])
  assert.equal(compared([made(2)], [less]).differences.length, 1)
  assert.equal(compared([made(2)], [{ ...counted(2, 50), capped: true }], { caps }).differences.length, 2)
})
