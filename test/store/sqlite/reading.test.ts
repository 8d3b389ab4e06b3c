// Reads: the newest events, questions, and the one-row tables.
import assert from 'node:assert/strict'
import { DatabaseSync } from 'node:sqlite'
import { type TestContext, test } from 'node:test'
import { decide } from '../../../src/game/decide.ts'
import type { Operation } from '../../../src/game/operation.ts'
import type { AskedQuestion } from '../../../src/game/question.ts'
import type { RecordState } from '../../../src/game/state.ts'
import { touched } from '../../../src/game/touched.ts'
import { openSqlite } from '../../../src/store/sqlite/open.ts'
import {
  isLive,
  recordState,
  stateCode,
  subjectKey,
  subjectOf,
} from '../../../src/store/sqlite/record-row.ts'
import { tidToInteger } from '../../../src/store/sqlite/tid.ts'
import { InvalidCursorError, type Writer } from '../../../src/store/store.ts'
import { folder } from '../../e2e/harness.ts'
import { game, LIKE, POST, START, tid } from '../../game/arbitrary.ts'
import { alice, bob, carol, commit, like, removal, repost, status } from '../../game/operations.ts'

const KEEP = { fingerprint: game.rules.fingerprint, purpose: 'keep' } as const
const NOW = START / 1_000_000

async function fold(writer: Writer, ...operations: Operation[]): Promise<void> {
  await writer.commit(decide(game, await writer.load(touched(game, operations)), operations), undefined)
}

/** A ledger with its writer. */
async function ledger() {
  const here = folder()
  const path = here.path('ledger.db')
  const store = openSqlite({ path, reserve: 0 })
  const writer = await store.write(KEEP)
  return {
    path,
    reader: store.reader,
    writer,
    [Symbol.asyncDispose]: async () => {
      await writer[Symbol.asyncDispose]()
      await store[Symbol.asyncDispose]()
      here[Symbol.dispose]()
    },
  }
}

test('the newest events are told in order, each with its place, without those of who is hidden', async () => {
  await using here = await ledger()
  const { reader, writer } = here
  assert.deepEqual(await reader.recent(undefined, 9), {
    events: [],
    position: '0',
    missed: false,
    more: false,
  })
  await fold(writer, commit({ n: 1 }), commit({ n: 2, did: bob }), like(3), {
    ...status(4, 'deactivated'),
    did: bob,
  })
  assert.deepEqual(await reader.recent(undefined, 9), {
    events: [],
    position: '3',
    missed: false,
    more: false,
  })
  const first = {
    did: alice,
    collection: POST,
    rkey: tid(1),
    at: START + 1_000_000,
    cause: 'create',
    reason: 'post.text',
    delta: 50,
    experience: 50,
    rules: 1,
    position: '1',
  }
  const third = {
    ...first,
    collection: LIKE,
    rkey: tid(3),
    at: START + 3_000_000,
    reason: 'like',
    delta: 10,
    experience: 60,
    position: '2',
  }
  assert.deepEqual(await reader.recent('0', 9), {
    events: [first, third],
    position: '3',
    missed: false,
    more: false,
  })
  assert.deepEqual(await reader.recent('0', 1), { events: [first], position: '1', missed: false, more: true })
  // The next page begins after the hidden events.
  assert.deepEqual(await reader.recent('2', 1), { events: [], position: '3', missed: false, more: true })
  assert.deepEqual(await reader.recent('3', 9), { events: [], position: '3', missed: false, more: false })
})

test('a place that is none, or lies ahead, is refused; one of before what is kept has missed something', async () => {
  await using here = await ledger()
  const { reader, writer } = here
  await fold(writer, commit({ n: 1 }), commit({ n: 2 }), commit({ n: 3 }), commit({ n: 40 }))
  for (const place of ['4x', 'x4', '1234567890123456', '-1', '5']) {
    await assert.rejects(reader.recent(place, 9), (error) => {
      return error instanceof InvalidCursorError && /position/.test(error.message)
    })
  }
  assert.equal(await writer.prune({ before: START + 30_000_000, now: START + 60_000_000 }, 2), 2)
  assert.deepEqual(await reader.recent('1', 9), { events: [], position: '4', missed: true, more: false })
  const { events, missed } = await reader.recent('2', 9)
  assert.deepEqual([events.map(({ position }) => position), missed], [['3', '4'], false])
})

test('a heartbeat without a host, and a gap without an end, are told as such', async () => {
  await using here = await ledger()
  const { reader, writer } = here
  const empty = await reader.status()
  assert.deepEqual([empty.heartbeat, empty.gaps, empty.perDay], [undefined, [], undefined])
  assert.deepEqual(empty.waiting, { subject: 0, profile: 0, repository: 0, import: 0 })
  assert.deepEqual(empty.postponed, { subject: 0, profile: 0, repository: 0, import: 0 })
  await writer.beat({ at: START, lag: 7, host: undefined })
  const gap = { host: 'a.test', from: 5, to: undefined, reason: 'window', at: START }
  await writer.recordGap(gap)
  const { heartbeat, gaps } = await reader.status()
  assert.deepEqual([heartbeat, gaps], [{ at: START, lag: 7, host: undefined }, [gap]])
})

const asked = async (writer: Writer, limit: number, now: number, except: readonly AskedQuestion[] = []) =>
  await writer.questions('subject', limit, new Set(except.map(({ id }) => id)), now)
const rkeys = (questions: readonly AskedQuestion[]) =>
  questions.map((question) => question.kind === 'subject' && question.rkey)

test('as many questions are found as are wanted, however many are left out', async () => {
  await using here = await ledger()
  const { writer } = here
  await fold(writer, ...[1, 2, 3, 4, 5].map((n) => repost(n, bob, n)))
  const first = await asked(writer, 2, NOW)
  const next = await asked(writer, 2, NOW, first)
  assert.deepEqual(
    [rkeys(first), rkeys(next)],
    [
      [tid(1), tid(2)],
      [tid(3), tid(4)],
    ],
  )
  assert.deepEqual(rkeys(await asked(writer, 2, NOW, [...first, ...next])), [tid(5)])
})

/** Lets `ms` milliseconds pass on the monotonic clock. */
function monotonic(t: TestContext): (ms: number) => void {
  let now = 1_000
  t.mock.method(performance, 'now', () => now)
  return (ms) => {
    now += ms
  }
}

test('every half minute questions are looked for that a clock which was ahead has put off', async (t) => {
  const pass = monotonic(t)
  await using here = await ledger()
  const { writer } = here
  await fold(writer, ...[1, 2, 3].map((n) => repost(n, bob, n)))
  const questions = await asked(writer, 9, NOW)
  const YEAR = 366 * 86_400e6
  await fold(
    writer,
    ...questions.map(
      (question): Operation => ({ kind: 'no-answer', question, did: alice, at: START + YEAR }),
    ),
  )
  // It was looked for them when there were none.
  assert.deepEqual(await asked(writer, 9, NOW), [])
  pass(29_999)
  assert.deepEqual(await asked(writer, 9, NOW), [])
  pass(1)
  assert.deepEqual(rkeys(await asked(writer, 9, NOW)), [tid(1), tid(2), tid(3)])
  pass(30_000)
  await fold(writer, repost(4, bob, 4))
  // Those that were never asked come first, and no more than are wanted.
  assert.deepEqual(rkeys(await asked(writer, 1, NOW)), [tid(4)])
  assert.deepEqual(rkeys(await asked(writer, 2, NOW)), [tid(4), tid(1)])
  // With so many found, there may be more: the next look is not put off.
  assert.equal((await asked(writer, 9, NOW)).length, 4)
})

test('a question that is gone is not put off, and none is counted', async () => {
  await using here = await ledger()
  const { reader, writer } = here
  await fold(writer, commit({ n: 1 }), repost(2, bob, 2))
  const [question] = await asked(writer, 1, NOW)
  assert.ok(question?.kind === 'subject')
  const { did, collection, rkey, rev, subject } = question
  const answer = { question: question.id, tries: 0, did, collection, rkey, rev, subject, at: START } as const
  await fold(writer, { kind: 'subject-answer', ...answer, media: 'alt' })
  await fold(writer, { kind: 'inactive', question, did: alice, at: START })
  const { waiting, postponed } = await reader.status()
  assert.deepEqual([waiting.subject, postponed.subject], [0, 0])
})

const STATE: RecordState = {
  ...{ rev: tid(7), live: true, xp: 0, facts: undefined },
  ...{ at: NOW, capped: false, claimed: undefined },
}

test('what a record is comes back from its number', () => {
  const key = tidToInteger(tid(7))
  const states: RecordState[] = []
  const shown = [undefined, 'eo'].flatMap((own) =>
    ([undefined, 'text', 'media', 'alt'] as const).map((media) => ({ media, subject: undefined, own })),
  )
  for (const capped of [false, true]) {
    for (const facts of shown) states.push({ ...STATE, xp: 5, facts, capped })
    states.push({ ...STATE, capped })
  }
  for (const facts of shown) states.push({ ...STATE, live: false, facts })
  states.push({ ...STATE, live: false })
  for (const state of [...states]) for (const claimed of [1, 20_600]) states.push({ ...state, claimed })
  const codes = new Set(states.map(stateCode))
  assert.equal(codes.size, states.length)
  for (const state of states) {
    const row = [
      0n,
      BigInt(NOW) - (key >> 10n) / 1_000_000n,
      BigInt(state.xp),
      BigInt(stateCode(state)),
      null,
      null,
    ]
    const own = (): string => state.facts?.own ?? assert.fail()
    assert.deepEqual(recordState(key, row, { did: () => assert.fail(), own }), state)
    assert.equal(isLive(stateCode(state)), state.live)
  }
})

test('what a record is of comes back, whatever its collection and key', () => {
  for (const [collection, rkey] of [
    [POST, tid(1)],
    [POST, 'self'],
    [LIKE, tid(1)],
    [LIKE, 'a/b'],
  ] as const) {
    const subject = { did: carol, collection, rkey }
    assert.deepEqual(subjectOf(carol, subjectKey(subject)), subject)
  }
  // A post, which it nearly always is, takes eight bytes.
  assert.equal(typeof subjectKey({ did: carol, collection: POST, rkey: tid(1) }), 'bigint')
})

test('a place on the board that is none is refused', async () => {
  await using here = await ledger()
  const { reader, writer } = here
  await fold(writer, commit({ n: 1 }), commit({ n: 1, did: bob }))
  const page = (cursor: string | undefined) => reader.board({ cursor, around: undefined, limit: 1 })
  const { cursor } = await page(undefined)
  assert.equal((await page(cursor)).items.length, 1)
  for (const key of ['1x', 'x1', '1234567890123456', '-1', '']) {
    await assert.rejects(page(`1e-${key}`), InvalidCursorError)
  }
})

test('who has just been hidden is left out of a page of the board', async () => {
  await using here = await ledger()
  await fold(here.writer, commit({ n: 1 }), commit({ n: 1, did: bob }))
  // As it is between the reading of the board and that of its characters.
  const other = new DatabaseSync(here.path)
  other.exec(`UPDATE actors SET standing = 17 WHERE did = '${alice}'`)
  other.close()
  const { items } = await here.reader.board({ cursor: undefined, around: undefined, limit: 9 })
  assert.deepEqual(
    items.map(({ character }) => character.did),
    [bob],
  )
})

test('of amounts of XP that nobody has any more no row stays', async () => {
  await using here = await ledger()
  await fold(here.writer, commit({ n: 1 }), commit({ n: 1, did: bob }), like(2))
  await fold(here.writer, like(3), like(4))
  // 90 XP, for a moment within the batch.
  await fold(here.writer, like(5), removal(6, like(5)), removal(6, like(4)))
  const other = new DatabaseSync(here.path, { readOnly: true })
  const rows = other.prepare('SELECT experience, characters FROM standings ORDER BY experience').all()
  other.close()
  assert.deepEqual(
    rows.map((row) => Object.values(row)),
    [
      [50, 1],
      [70, 1],
    ],
  )
})

test('a rate is told once two samples are a minute apart', async () => {
  await using here = await ledger()
  const { reader, writer } = here
  await writer.recordSample({ at: START, networkBytes: 0 })
  await writer.recordSample({ at: START + 58_000_000, networkBytes: 10 })
  assert.equal((await reader.status()).perDay, undefined)
  await writer.recordSample({ at: START + 60_000_000, networkBytes: 10 })
  assert.equal((await reader.status()).perDay?.networkBytes, 20 * 1_440)
})

test('a cursor of one kind of events is refused for another', async () => {
  await using here = await ledger()
  await fold(here.writer, commit({ n: 1 }), commit({ n: 2 }), like(3), like(4))
  const events = (type: typeof POST | undefined, cursor?: string) =>
    here.reader.events(alice, { type, cursor, limit: 1 })
  const posts = await events(POST)
  assert.equal((await events(POST, posts?.cursor))?.items[0]?.rkey, tid(1))
  assert.equal((await events(undefined, posts?.cursor))?.items[0]?.rkey, tid(1))
  await assert.rejects(events(LIKE, posts?.cursor), (error) => {
    return error instanceof InvalidCursorError && error.message !== ''
  })
})
