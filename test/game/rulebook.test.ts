import assert from 'node:assert/strict'
import { test } from 'node:test'
import { MAX_OWN_LENGTH, NO_CHANGES, type RuleChanges, rulebook } from '../../src/game/rulebook.ts'
import { builtInRules } from '../../src/game/rules/index.ts'
import { NO_FACTS } from '../../src/game/rules/rule.ts'
import { follow } from './follow-rule.ts'
import { postByLanguage } from './language-rule.ts'

const POST = 'app.bsky.feed.post'
const changes = (change: Partial<RuleChanges>): RuleChanges => ({ ...NO_CHANGES, ...change })

test('the built-in table is what the game promises', () => {
  const { points, collections } = rulebook(NO_CHANGES)
  assert.deepEqual(points, {
    'post.text': 50,
    'post.media': 60,
    'post.alt': 70,
    'repost.text': 50,
    'repost.media': 60,
    'repost.alt': 70,
    like: 10,
  })
  assert.deepEqual(collections, ['app.bsky.feed.post', 'app.bsky.feed.repost', 'app.bsky.feed.like'])
})

test('an operator changes the value of a reason, and the fingerprint tells', () => {
  const changed = rulebook(changes({ points: { 'post.alt': 100 } }))
  assert.deepEqual(changed.award(POST, { ...NO_FACTS, media: 'alt' }), { reason: 'post.alt', xp: 100 })
  assert.notEqual(changed.fingerprint, rulebook(NO_CHANGES).fingerprint)
  assert.equal(
    rulebook(changes({ points: { 'post.alt': 70 } })).fingerprint,
    rulebook(NO_CHANGES).fingerprint,
  )
  assert.equal(
    rulebook(changes({ titles: [{ level: 1, title: 'Guest' }] })).fingerprint,
    rulebook(NO_CHANGES).fingerprint,
  )
})

test('a fingerprint is the same in whatever order a table is written, and for as long as rules award alike', () => {
  const caps = { 'app.bsky.feed.like': 7, 'app.bsky.feed.post': 5 } as const
  const other = { 'app.bsky.feed.post': 5, 'app.bsky.feed.like': 7 } as const
  assert.equal(rulebook(changes({ caps })).fingerprint, rulebook(changes({ caps: other })).fingerprint)
  // Ledgers are bound to this text: another one would have all of them recomputed.
  const points =
    '[["like",10],["post.alt",70],["post.media",60],["post.text",50],["repost.alt",70],["repost.media",60],["repost.text",50]]'
  assert.equal(
    rulebook(NO_CHANGES).fingerprint,
    `{"revision":1,"daysRevision":1,"points":${points},"caps":[]}`,
  )
})

test('what makes no sense is refused by name', () => {
  assert.throws(() => rulebook(changes({ points: { 'post.gold': 1 } })), /"post.gold".*post\.text/)
  assert.throws(() => rulebook(changes({ points: { like: -1 } })), /points\.like is -1/)
  assert.throws(() => rulebook(changes({ points: { like: 1.5 } })), /points\.like is 1\.5/)
  assert.throws(
    () => rulebook(changes({ caps: { 'app.bsky.graph.block': 5 } })),
    /^RangeError: caps names "app\.bsky\.graph\.block"; expected one of app\.bsky\.feed\.post, app\.bsky\.feed\.repost, app\.bsky\.feed\.like$/,
  )
  assert.throws(
    () => rulebook(changes({ caps: { [POST]: -5 } })),
    /^RangeError: caps\.app\.bsky\.feed\.post is -5/,
  )
  assert.throws(() => rulebook(changes({ titles: [] })), /level 1/)
  assert.throws(() => rulebook(changes({ titles: [{ level: 2, title: 'a' }] })), /level 1/)
  const twice = [
    { level: 1, title: 'a' },
    { level: 1, title: 'b' },
  ]
  assert.throws(() => rulebook(changes({ titles: twice })), /ascend/)
})

test('titles are held from their level until the next one', () => {
  const { title } = rulebook(NO_CHANGES)
  assert.equal(title(1), 'Wanderer')
  assert.equal(title(4), 'Wanderer')
  assert.equal(title(5), 'Apprentice')
  assert.equal(title(100_000), 'Myth')
  assert.throws(() => title(0), RangeError)
})

test('a new kind of record is one rule and one entry in the list', () => {
  const rules = rulebook(NO_CHANGES, [...builtInRules, follow])
  assert.ok(rules.collections.includes('app.bsky.graph.follow'))
  const facts = rules.assess('app.bsky.graph.follow', { subject: 'did:plc:aaaaaaaaaaaaaaaaaaaaaaaa' })
  assert.deepEqual(rules.award('app.bsky.graph.follow', facts), { reason: 'follow', xp: 5 })
  assert.deepEqual(
    rules.award('app.bsky.graph.follow', rules.assess('app.bsky.graph.follow', { subject: 7 })),
    {
      reason: 'unreadable',
      xp: 0,
    },
  )
})

test("a fact of a rule's own is text that every store gives back as it was", () => {
  const rules = rulebook(NO_CHANGES, [postByLanguage])
  const own = (language: unknown) => rules.assess('app.bsky.feed.post', { langs: [language] })?.own
  assert.equal(own(7), undefined)
  assert.equal(own(''), '')
  assert.equal(own('eo'), 'eo')
  assert.equal(own('a\0b\uD83E'), 'a\uFFFDb\uFFFD')
  assert.equal(own('x'.repeat(MAX_OWN_LENGTH)), 'x'.repeat(MAX_OWN_LENGTH))
  assert.equal(own('x'.repeat(MAX_OWN_LENGTH + 1)), 'x'.repeat(MAX_OWN_LENGTH))
  assert.equal(own(`${'x'.repeat(MAX_OWN_LENGTH - 1)}\u{1F98A}`), `${'x'.repeat(MAX_OWN_LENGTH - 1)}\uFFFD`)
})

test('likes need a subject and nothing more; reposts of anything but posts count as text', () => {
  const rules = rulebook(NO_CHANGES)
  const like = 'app.bsky.feed.like'
  assert.equal(rules.award(like, rules.assess(like, { subject: { uri: 'at://anything' } })).xp, 10)
  for (const subject of ['at://anything', { uri: 7 }, {}, null]) {
    assert.equal(rules.award(like, rules.assess(like, { subject })).reason, 'unreadable')
    assert.equal(rules.assess('app.bsky.feed.repost', { subject }), undefined)
  }
  const repost = 'app.bsky.feed.repost'
  const list = rules.assess(repost, {
    subject: { uri: 'at://did:plc:aaaaaaaaaaaaaaaaaaaaaaaa/app.bsky.graph.list/3k' },
  })
  assert.deepEqual(list, { ...NO_FACTS, media: 'text' })
  assert.deepEqual(rules.assess(repost, { subject: { uri: 'at://alice.test/app.bsky.feed.post/3k' } }), {
    ...NO_FACTS,
    media: 'text',
  })
  assert.equal(rules.assess(repost, { subject: null }), undefined)
})

test('a record of another type than its collection is unreadable, and stands at 0 XP', () => {
  const rules = rulebook(NO_CHANGES)
  const post = 'app.bsky.feed.post'
  const like = 'app.bsky.feed.like'
  assert.equal(rules.assess(post, { $type: like, text: 'x' }), undefined)
  assert.equal(rules.assess(post, { $type: post, text: 'x' })?.media, 'text')
  assert.equal(rules.assess(post, { text: 'x' })?.media, 'text')
  assert.deepEqual(rules.assess('app.bsky.graph.follow', { $type: like }), NO_FACTS)
})
