import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import type { CommitEvent, Did, StreamEvent } from '../../src/atproto/event.ts'
import { uriOf } from '../../src/atproto/uri.ts'
import { decide } from '../../src/game/decide.ts'
import type { Game } from '../../src/game/game.ts'
import type { Media } from '../../src/game/media.ts'
import type { Operation } from '../../src/game/operation.ts'
import { NO_CHANGES, type RuleChanges, rulebook } from '../../src/game/rulebook.ts'
import type { RecordState } from '../../src/game/state.ts'
import { touched } from '../../src/game/touched.ts'
import { MemoryLedger } from '../memory-ledger.ts'
import { game, LIKE, longStream, POST, person, REPOST, START, tid } from './arbitrary.ts'
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
} from './operations.ts'

const DAY = 86_400_000_000
const MIDNIGHT = Math.ceil(START / DAY) * DAY

const by = (changes: Partial<RuleChanges>): Game => ({
  ...game,
  rules: rulebook({ ...NO_CHANGES, ...changes }),
})
const xp = (ledger: MemoryLedger, did = alice) => ledger.actor(did)?.experience
const recompute = (did: Did): Operation => ({ kind: 'recompute', did, at: START })
const judged = (ledger: MemoryLedger, rules: Game): MemoryLedger => {
  for (const did of [...ledger.actors.keys()]) ledger.fold(rules, [recompute(did)])
  ledger.assertBalanced()
  return ledger
}
/** An id for the reposted post. Any will do: the answer says what the post shows. */
const NOWHERE = { did: alice, collection: POST, rkey: 'nowhere' }
const found = (media: Media, of: CommitEvent): Operation => ({
  kind: 'subject-answer',
  question: '0',
  tries: 0,
  subject: NOWHERE,
  did: of.did,
  collection: of.collection,
  rkey: of.rkey,
  rev: of.rev,
  at: of.at + 5_000_000,
  media,
})
const edit = (n: number, of: CommitEvent, record: object): CommitEvent => ({
  ...of,
  at: second(n),
  rev: tid(n),
  op: 'update',
  record: record as CommitEvent['record'],
})

test('what becomes known of reposts stays within the cap of their day', () => {
  const capped = by({ caps: { [REPOST]: 115 } })
  const [first, next] = [repost(1, bob, 100), repost(2, bob, 101)]
  const ledger = ledgerOf([first, next, found('alt', next), found('alt', first)], capped)
  assert.equal(xp(ledger), 115)
  assert.deepEqual(
    ledger.records(alice).map(([, state]) => [state.xp, state.capped]),
    [
      [50, true],
      [65, true],
    ],
  )
})

test('a record belongs to the day of its first witness, whenever something is granted to it', () => {
  const capped = by({ caps: { [POST]: 60, [LIKE]: 20 } })
  const at = (n: number, seconds: number) => like(n, { at: MIDNIGHT + seconds * 1_000_000 })
  // Another host's clock is behind: one more of yesterday between those of today.
  const likes = [at(1, -9), at(2, -8), at(3, 1), at(4, 2), at(5, -1), at(6, 3), at(7, 4)]
  assert.equal(xp(ledgerOf(likes, capped)), 40)
  const old = commit({ n: 1 })
  const late = { ...edit(3, old, DESCRIBED), at: second(100_000) }
  const ledger = ledgerOf([old, commit({ n: 2, at: second(99_000) }), late], capped)
  assert.equal(xp(ledger), 60 + 50, "yesterday's cap bounds an edit of yesterday's post")
})

test('to lose XP and to earn it again does not pay, by deletion or by edits', () => {
  const capped = by({ caps: { [POST]: 80 } })
  const post = commit({ n: 1, record: DESCRIBED })
  const ledger = ledgerOf([post, edit(2, post, {}), edit(3, post, DESCRIBED)], capped)
  assert.equal(xp(ledger), 60)
  ledger.fold(capped, [removal(4, post), commit({ n: 5, record: DESCRIBED })])
  assert.equal(xp(ledger), 0)
  ledger.fold(capped, [commit({ n: 6, at: second(90_000), rkey: tid(1) })])
  assert.equal(xp(ledger), 50, 'another day is another')
})

test('who was purged begins anew', () => {
  const capped = by({ caps: { [POST]: 50 } })
  const gone: Operation = { kind: 'account', did: alice, at: second(2), time: second(2), status: 'deleted' }
  const ledger = ledgerOf([commit({ n: 1 }), gone, { ...gone, time: second(3), status: 'active' }], capped)
  assert.equal(ledger.granted(alice).size, 0)
  ledger.fold(capped, [commit({ n: 4 })])
  assert.equal(xp(ledger), 50)
  ledger.fold(capped, [
    { ...gone, time: second(5) },
    { ...gone, time: second(6), status: 'active' },
    commit({ n: 7 }),
  ])
  assert.equal(xp(ledger), 50, 'in one batch, too')
})

test('who is purged in the middle of a batch begins anew, too', () => {
  const capped = by({ caps: { [POST]: 50 } })
  const gone: Operation = { kind: 'account', did: alice, at: second(2), time: second(2), status: 'deleted' }
  const ledger = new MemoryLedger()
  const back: Operation = { ...gone, time: second(3), status: 'active' }
  ledger.fold(capped, [commit({ n: 1 }), gone, back, commit({ n: 4 })])
  assert.equal(xp(ledger), 50)
  ledger.fold(capped, [commit({ n: 5, at: second(90_000) }), { ...gone, time: second(6) }])
  assert.equal(ledger.granted(alice).size, 0)
})

test('other caps and other points are counted as if they had been in force from the start', () => {
  const likes = [like(1), like(2), like(3)]
  const none = by({ points: { like: 0 } })
  assert.equal(xp(judged(ledgerOf(likes, by({ caps: { [LIKE]: 25 } })), none)), 0)
  assert.equal(
    xp(
      judged(
        ledgerOf(likes, by({ caps: { [LIKE]: 20 } })),
        by({ points: { like: 50 }, caps: { [LIKE]: 20 } }),
      ),
    ),
    20,
  )
  const capped = judged(ledgerOf(likes), by({ caps: { [LIKE]: 15 } }))
  assert.equal(xp(capped), 15)
  assert.equal(xp(judged(capped, game)), 30)
  assert.equal(capped.granted(alice).size, 0, 'without caps nothing is kept for them')
  // What was deleted had its part of the day.
  const deleted = ledgerOf([...likes, removal(4, like(1))])
  assert.equal(xp(judged(deleted, by({ caps: { [LIKE]: 20 } }))), 10)
  // A record that was gone before it was seen had none.
  const unseen = ledgerOf([removal(1, like(9)), ...likes.slice(1)])
  assert.equal(xp(judged(unseen, by({ caps: { [LIKE]: 20 } }))), 20)
})

test('caps come in force in the order of witness, and within a second in that of keys', () => {
  const capped = by({ caps: { [LIKE]: 25 } })
  const at = (n: number, key: number) => like(n, { at: second(5), rkey: tid(key) })
  const ledger = judged(ledgerOf([like(9, { rkey: tid(1) }), at(2, 7), at(3, 6), at(4, 8)]), capped)
  const counted = ledger.records(alice).map(([{ rkey }, state]) => [rkey, state.xp])
  assert.deepEqual(
    new Map(counted as [string, number][]),
    new Map([
      [tid(1), 0],
      [tid(7), 10],
      [tid(6), 10],
      [tid(8), 5],
    ]),
  )
})

test('what is counted anew is entered in the order of witness, whatever the order of the rows', () => {
  const both = [like(1), commit({ n: 1, at: second(1) }), like(2)]
  const none = by({ points: { like: 1, 'post.text': 2 } })
  const entered = (operations: readonly CommitEvent[]) => {
    const ledger = judged(ledgerOf(operations), none)
    return ledger.events.filter(({ cause }) => cause === 'recompute').map(({ delta }) => delta)
  }
  assert.deepEqual(entered(both), [-9, -48, -9])
  assert.deepEqual(entered(both.toReversed()), [-9, -48, -9])
})

test('without caps nothing is loaded or kept for them', () => {
  fc.assert(
    fc.property(longStream, (events) => {
      assert.equal(touched(game, events).grants.size, 0)
      const ledger = new MemoryLedger()
      const { actors } = decide(game, ledger, events)
      for (const { granted } of actors.values()) assert.equal(granted.size, 0)
    }),
  )
})

test('a rulebook with caps is told from one whose caps were counted by the day of the event', () => {
  const { fingerprint } = rulebook({ ...NO_CHANGES, caps: { [LIKE]: 5 } })
  assert.ok('capsRevision' in JSON.parse(fingerprint))
  assert.ok(!('capsRevision' in JSON.parse(game.rules.fingerprint)))
})

const some = <Key extends string>(amounts: Record<Key, number>): fc.Arbitrary<Record<Key, number>> => {
  const keys = Object.keys(amounts) as Key[]
  return fc
    .tuple(fc.subarray(keys), fc.array(fc.nat(100), { minLength: keys.length, maxLength: keys.length }))
    .map(([chosen, parts]) => {
      const table = chosen.map((key, i) => [key, Math.floor((amounts[key] * (parts[i] ?? 0)) / 100)] as const)
      return Object.fromEntries(table) as Record<Key, number>
    })
}
const changesOf = fc
  .record({
    caps: some({ [POST]: 200, [REPOST]: 200, [LIKE]: 40 }),
    points: some({ 'post.text': 90, 'post.alt': 90, 'repost.media': 90, like: 30 }),
  })
  .map((changes): RuleChanges => ({ ...NO_CHANGES, ...changes }))

/** Clocks that differ by up to a day, so that records come before and after midnight in any order. */
const skewed = fc
  .tuple(longStream, fc.array(fc.integer({ min: -20, max: 4 }), { minLength: 1, maxLength: 60 }))
  .map(([events, hours]) =>
    events.map(
      (event, i): StreamEvent => ({
        ...event,
        at: event.at + (hours[i % hours.length] ?? 0) * 3_600_000_000,
      }),
    ),
  )

test('whatever happens, no collection is granted more than its cap for the records of one day', () => {
  const answers = fc.array(fc.constantFrom<(Media | undefined)[]>('text', 'media', 'alt', undefined), {
    minLength: 1,
  })
  fc.assert(
    fc.property(skewed, answers, changesOf, changesOf, fc.nat(60), (events, media, first, second, turn) => {
      let rules: Game = by(first)
      const ledger = new MemoryLedger()
      /** By person, collection and day: all XP that was ever granted, including XP that was taken back. */
      let granted = new Map<string, number>()
      const fold = (operation: Operation) => {
        const { actors } = ledger.fold(rules, [operation])
        for (const [did, { purge }] of actors) {
          if (purge) granted = new Map([...granted].filter(([key]) => !key.startsWith(did)))
        }
        for (const change of actors.values()) {
          for (const event of change.events) {
            const state = ledger.record(event)
            assert.ok(state)
            const key = `${event.did} ${event.collection} ${Math.floor(state.at / 86_400)}`
            if (event.delta > 0) granted.set(key, (granted.get(key) ?? 0) + event.delta)
          }
        }
        assertCapped(ledger, rules)
      }
      for (const [index, event] of events.entries()) {
        if (index === turn) {
          rules = by(second)
          judged(ledger, rules)
          granted = sumsOf(ledger)
        }
        fold(event)
        const question = ledger.questions.find(({ kind }) => kind === 'subject')
        if (question?.kind !== 'subject' || index % 3 !== 0) continue
        const { did, collection, rkey, rev, subject } = question
        const at = event.at + DAY
        fold({
          kind: 'subject-answer',
          question: question.id,
          tries: question.tries,
          subject,
          did,
          collection,
          rkey,
          rev,
          at,
          media: media[index % media.length],
        })
      }
      for (const event of events.slice(10)) fold(event)
      for (const did of ledger.actors.keys()) {
        fold({ ...repository(0, [`${POST}/${tid(1)}`], { did }), rev: tid(300) })
      }
      ledger.assertBalanced()
      for (const [key, sum] of granted) {
        const cap = rules.rules.caps[(key.split(' ')[1] ?? '') as typeof POST]
        if (cap !== undefined) assert.ok(sum <= cap, `${key}: ${sum} of ${cap}`)
      }
    }),
    { numRuns: 400 },
  )
})

test('other rules make of a ledger what folding what it keeps by them from the start does, in any order of its rows', () => {
  fc.assert(
    fc.property(
      skewed,
      changesOf,
      changesOf,
      fc.infiniteStream(fc.nat()),
      (events, first, second, chance) => {
        const ledger = ledgerOf(events, by(first))
        const rules = by(second)
        const shuffled = copyOf(
          ledger,
          [...ledger.stored]
            .map((entry) => [chance.next().value ?? 0, entry] as const)
            .sort(([a], [b]) => a - b)
            .map(([, entry]) => entry),
        )
        judged(ledger, rules)
        judged(shuffled, rules)
        assert.deepEqual(shuffled.stored, ledger.stored)
        assert.deepEqual(shuffled.grants, ledger.grants)
        assert.deepEqual(shuffled.events, ledger.events)
        const again = copyOf(ledger, ledger.stored)
        judged(again, rules)
        assert.deepEqual(
          [again.stored, again.grants, again.events.length],
          [ledger.stored, ledger.grants, ledger.events.length],
        )
        for (const [did, { experience }] of ledger.actors) {
          const anew = refold(ledger, did, rules)
          assert.equal(anew.actor(did)?.experience ?? 0, experience)
          assert.deepEqual(anew.granted(did), ledger.granted(did))
          for (const [id, { live, xp, capped }] of ledger.records(did)) {
            const { live: isLive, xp: isXp, capped: isCapped } = anew.record(id) ?? assert.fail(uriOf(id))
            assert.deepEqual([isLive, isXp, isCapped], [live, xp, capped], uriOf(id))
          }
        }
      },
    ),
    { numRuns: 400 },
  )
})

test('of a stream without edits, other rules make what they would have made of the stream itself', () => {
  const step = fc.record({
    who: fc.nat(1),
    kind: fc.constantFrom(POST, LIKE),
    hours: fc.nat(7),
    removes: fc.nat(4),
    described: fc.boolean(),
  })
  fc.assert(
    fc.property(fc.array(step, { maxLength: 40 }), changesOf, changesOf, (steps, first, second) => {
      let at = START
      const events: CommitEvent[] = []
      for (const [n, { who, kind, hours, removes, described }] of steps.entries()) {
        at += 1_000_000 + hours * 3_600_000_000
        const made = events.filter(({ op }) => op === 'create').at(-1 - removes)
        if (removes < 3 && made !== undefined)
          events.push({ ...made, at, rev: tid(n + 1), op: 'delete', record: undefined })
        const fields = { did: person(who), at: at + 500_000, rev: tid(n + 1), rkey: tid(n + 1) }
        const record = kind === LIKE ? { subject: { uri: 'at://x' } } : described ? DESCRIBED : {}
        events.push(commit({ n, collection: kind, ...fields, record: record as CommitEvent['record'] }))
      }
      const late = judged(ledgerOf(events, by(first)), by(second))
      const early = ledgerOf(events, by(second))
      assert.deepEqual(late.stored, early.stored)
      assert.deepEqual(plain(late), plain(early))
      for (const did of early.actors.keys()) assert.equal(xp(late, did), xp(early, did))
    }),
    { numRuns: 300 },
  )
})

function plain(ledger: MemoryLedger) {
  return new Map([...ledger.grants].filter(([, days]) => days.size > 0))
}

/** Adds up the XP of live records, by person, collection and day. */
function sumsOf(ledger: MemoryLedger): Map<string, number> {
  const sums = new Map<string, number>()
  for (const [id, { at, xp: held }] of ledger.stored.values()) {
    const key = `${id.did} ${id.collection} ${Math.floor(at / 86_400)}`
    sums.set(key, (sums.get(key) ?? 0) + held)
  }
  return sums
}

function assertCapped(ledger: MemoryLedger, { rules }: Game): void {
  for (const [key, sum] of sumsOf(ledger)) {
    const [did, collection, day] = key.split(' ') as [Did, typeof POST, string]
    const cap = rules.caps[collection]
    if (cap === undefined) continue
    const granted = ledger.granted(did).get(Number(day))?.get(collection) ?? 0
    assert.ok(sum <= granted && granted <= cap, `${key}: ${sum} of ${granted} of ${cap}`)
  }
  for (const [{ collection }, { facts, xp: held, capped, live }] of ledger.stored.values()) {
    if (live) assert.equal(capped, held < rules.award(collection, facts).xp)
  }
}

function copyOf(
  ledger: MemoryLedger,
  held: Iterable<[string, readonly [never, never] | unknown]>,
): MemoryLedger {
  const copy = new MemoryLedger()
  for (const [uri, record] of held) copy.stored.set(uri, structuredClone(record) as never)
  for (const [did, actor] of ledger.actors) copy.actors.set(did, structuredClone(actor))
  for (const [did, days] of ledger.grants) copy.grants.set(did, structuredClone(days))
  copy.events.push(...ledger.events)
  return copy
}

/** Replays a person's stored records from the start: all creations in the order of their witness times, then the deletions. */
function refold(ledger: MemoryLedger, did: Did, rules: Game): MemoryLedger {
  const anew = new MemoryLedger()
  // What reposts show is known when they come, from posts that are held.
  for (const [n, media] of SHOWN.entries()) {
    anew.fold(game, [commit({ n, did: AUTHOR, record: showing(media) })])
  }
  const kept = ledger
    .records(did)
    .sort(([a, { at: first }], [b, { at: then }]) => first - then || (a.rkey < b.rkey ? -1 : 1))
  for (const [index, [id, state]] of kept.entries()) {
    if (!state.live && state.facts === undefined) {
      anew.fold(rules, [{ ...removal(1, commit({ n: 1 })), ...id, at: state.at * 1_000_000, rev: tid(1) }])
      continue
    }
    const made = commit({
      n: 1,
      ...id,
      at: state.at * 1_000_000,
      rev: tid(index + 1),
      record: recordOf(id.collection, state),
    })
    anew.fold(rules, [made])
  }
  for (const [id, state] of kept) {
    if (state.live || state.facts === undefined) continue
    anew.fold(rules, [{ ...removal(1, commit({ n: 1 })), ...id, at: START, rev: tid(9_999) }])
  }
  anew.assertBalanced()
  return anew
}

const AUTHOR: Did = 'did:web:author.example'
const SHOWN: readonly (Media | undefined)[] = ['text', 'media', 'alt']

function recordOf(collection: string, { facts }: RecordState): CommitEvent['record'] {
  if (facts === undefined) return { subject: 7 }
  const { media } = facts
  if (collection === LIKE) return { subject: { uri: 'at://x' } }
  if (collection !== REPOST) return showing(media)
  const key = media === undefined ? 7_777 : SHOWN.indexOf(media)
  return { subject: { uri: `at://${AUTHOR}/${POST}/${tid(key)}` } }
}

function showing(media: Media | undefined): CommitEvent['record'] {
  if (media === 'text' || media === undefined) return {}
  return { embed: { $type: 'app.bsky.embed.images', images: [{ alt: media === 'alt' ? 'a cat' : '' }] } }
}
