// Rows about people: chains of records and events, and profiles.
import assert from 'node:assert/strict'
import { StatementSync } from 'node:sqlite'
import { type TestContext, test } from 'node:test'
import fc from 'fast-check'
import type { Nsid } from '../../../src/atproto/event.ts'
import { decide } from '../../../src/game/decide.ts'
import type { Operation } from '../../../src/game/operation.ts'
import { nothingTouched, touched } from '../../../src/game/touched.ts'
import { liveCounts } from '../../../src/store/live-counts.ts'
import { type Kind, readKinds, writeKinds } from '../../../src/store/sqlite/actor-row.ts'
import { openSqlite } from '../../../src/store/sqlite/open.ts'
import type { Writer } from '../../../src/store/store.ts'
import { folder } from '../../e2e/harness.ts'
import { game, LIKE, POST, START, tid } from '../../game/arbitrary.ts'
import { alice, commit, like, removal, second, status } from '../../game/operations.ts'

const KEEP = { fingerprint: game.rules.fingerprint, purpose: 'keep' } as const
const NSIDS: readonly Nsid[] = [POST, LIKE, 'app.bsky.graph.follow']
const nsid = (id: number): Nsid => NSIDS[id - 1] ?? assert.fail(String(id))
const idOf = (name: Nsid) => NSIDS.indexOf(name) + 1

async function fold(writer: Writer, ...operations: Operation[]) {
  const changes = decide(game, await writer.load(touched(game, operations)), operations)
  await writer.commit(changes, undefined)
  return changes.outcomes
}

const kind = (fields: Partial<Kind>): Kind => {
  return { live: 0, lastEvent: 0, lastRecord: undefined, greatest: undefined, ...fields }
}

test('what is kept of a collection is written as short as can be', () => {
  const written = (of: Kind) => writeKinds(new Map([[POST, of]]), idOf)
  assert.equal(written(kind({})), '1,0,0,')
  assert.equal(
    written(kind({ live: 3, lastEvent: 36, lastRecord: tid(5), greatest: tid(5) })),
    `1,3,10,${tid(5)}`,
  )
  assert.equal(
    written(kind({ live: 1, lastEvent: 1, lastRecord: 'self', greatest: undefined })),
    '1,1,1,self',
  )
  assert.equal(
    written(kind({ live: 2, lastEvent: 2, lastRecord: tid(4), greatest: tid(9) })),
    `1,2,2,${tid(4)},${tid(9)}`,
  )
  assert.equal(writeKinds(new Map(), idOf), '')
  assert.deepEqual(readKinds('', nsid), new Map())
})

test('what is kept of collections comes back', () => {
  const keys = fc.integer({ min: 0, max: 500 }).map(tid)
  const one = fc.record({
    live: fc.nat(1_000),
    lastEvent: fc.nat(1_000_000),
    lastRecord: fc.oneof(keys, fc.constantFrom('self', 'a_key')),
    older: fc.option(keys, { nil: undefined }),
  })
  fc.assert(
    fc.property(
      fc.uniqueArray(fc.constantFrom(...NSIDS)),
      fc.array(one, { minLength: 3, maxLength: 3 }),
      (names, all) => {
        const kinds = new Map(
          names.map((name, n) => {
            const { live, lastEvent, lastRecord, older } = all[n] ?? assert.fail()
            // The greatest of those that can be compared: the last one, unless one before it was greater.
            const ordered = [lastRecord, older].filter((key) => key !== undefined && key.length === 13).sort()
            return [name, { live, lastEvent, lastRecord, greatest: ordered.at(-1) }]
          }),
        )
        assert.deepEqual(readKinds(writeKinds(kinds, idOf), nsid), kinds)
      },
    ),
  )
  const empty = new Map([[POST, kind({ lastEvent: 3 })]])
  assert.deepEqual(readKinds(writeKinds(empty, idOf), nsid), empty)
})

test('of collections without a live record no count is told', () => {
  const kinds = new Map([
    [POST, kind({ live: 2 })],
    [LIKE, kind({ live: 0 })],
  ])
  assert.deepEqual(liveCounts(kinds), new Map([[POST, 2]]))
})

/** A ledger that counts look-ups of its records. */
function ledger(t: TestContext) {
  const here = folder()
  const get = t.mock.method(StatementSync.prototype, 'get')
  const store = openSqlite({ path: here.path('ledger.db'), reserve: 0 })
  const lookUps = () =>
    get.mock.calls.filter((call) => /FROM records WHERE rkey/.test((call.this as StatementSync).sourceSQL))
      .length
  return {
    store,
    /** How often `work` looked a record up. */
    lookUps: async (work: () => Promise<unknown>) => {
      get.mock.resetCalls()
      await work()
      return lookUps()
    },
    [Symbol.asyncDispose]: async () => {
      await store[Symbol.asyncDispose]()
      here[Symbol.dispose]()
    },
  }
}

test('a record with a greater key than all before is not looked up, also after a restart; any other is', async (t) => {
  await using here = ledger(t)
  {
    await using writer = await here.store.write(KEEP)
    assert.equal(await here.lookUps(() => fold(writer, commit({ n: 1 }))), 0)
    assert.equal(await here.lookUps(() => fold(writer, commit({ n: 5 }))), 0)
    assert.equal(await here.lookUps(() => fold(writer, commit({ n: 3 }))), 1)
    assert.equal(await here.lookUps(() => fold(writer, like(2))), 0)
  }
  await using writer = await here.store.write(KEEP)
  assert.equal(await here.lookUps(() => fold(writer, commit({ n: 6, rkey: tid(4) }))), 1)
  assert.equal(await here.lookUps(() => fold(writer, commit({ n: 7 }))), 0)
  // The greatest key is not that of the record which came last.
  assert.equal((await fold(writer, commit({ n: 5 }))).repeated, 1)
  assert.equal(await here.lookUps(() => fold(writer, commit({ n: 8, rkey: 'self' }))), 1)
  assert.equal((await fold(writer, commit({ n: 8, rkey: 'self' }))).repeated, 1)
})

test('a key of no time is found again where it is the only one', async (t) => {
  await using here = ledger(t)
  {
    await using writer = await here.store.write(KEEP)
    await fold(writer, commit({ n: 1, rkey: 'self' }))
  }
  await using writer = await here.store.write(KEEP)
  assert.equal((await fold(writer, commit({ n: 1, rkey: 'self' }))).repeated, 1)
  assert.equal((await fold(writer, commit({ n: 2, rkey: tid(2) }))).applied, 1)
  assert.equal((await fold(writer, commit({ n: 2, rkey: tid(2) }))).repeated, 1)
})

test('what was done before a deletion does not come back after a restart', async (t) => {
  await using here = ledger(t)
  for (const operations of [
    [commit({ n: 1 }), commit({ n: 3 })],
    [status(4, 'deleted'), status(5, 'active')],
  ]) {
    await using writer = await here.store.write(KEEP)
    await fold(writer, ...operations)
  }
  await using writer = await here.store.write(KEEP)
  assert.equal((await fold(writer, commit({ n: 3 }), commit({ n: 2 }))).repeated, 2)
  assert.equal((await fold(writer, commit({ n: 4 }))).applied, 1)
})

test('a deletion takes all events of all collections, however many', async (t) => {
  await using here = ledger(t)
  await using writer = await here.store.write(KEEP)
  await fold(writer, ...[1, 2, 3, 4].map((n) => commit({ n })), ...[1, 2, 3].map((n) => like(n)))
  await fold(writer, removal(9, commit({ n: 2 })))
  assert.equal((await here.store.reader.status()).events, 8)
  await fold(writer, status(10, 'deleted'))
  const { events, records } = await here.store.reader.status()
  assert.deepEqual([events, records], [0, 0])
  assert.deepEqual((await here.store.auditor.audit(game.rules, () => {})).findings, [])
})

test('the last page of a timeline says that it is the last', async (t) => {
  await using here = ledger(t)
  await using writer = await here.store.write(KEEP)
  await fold(writer, commit({ n: 1 }), commit({ n: 2 }), like(3))
  const page = (limit: number) =>
    here.store.reader.events(alice, { type: undefined, cursor: undefined, limit })
  assert.equal((await page(3))?.cursor, undefined)
  assert.notEqual((await page(2))?.cursor, undefined)
})

test('a character is who the profile says, and another version with every event and every profile', async (t) => {
  await using here = ledger(t)
  await using writer = await here.store.write(KEEP)
  const versions = new Set<string>()
  const character = async () => {
    const found = (await here.store.reader.character(alice)) ?? assert.fail()
    assert.ok(!versions.has(found.version), found.version)
    versions.add(found.version)
    return found
  }
  await fold(writer, commit({ n: 1 }))
  assert.equal((await character()).profile, undefined)
  await fold(writer, like(2))
  await character()
  await fold(writer, commit({ n: 3 }))
  await character()
  const answer = { question: '9', tries: 0, did: alice, at: second(4), optedOut: false, postsCount: 0 }
  for (const profile of [
    { handle: 'alice.test', displayName: 'Alice', avatar: 'https://a.test/a.jpg', asked: second(4) },
    { handle: undefined, displayName: undefined, avatar: undefined, asked: second(5) },
  ] as const) {
    await fold(writer, { kind: 'profile-answer', ...answer, profile })
    assert.deepEqual((await character()).profile, profile)
  }
  assert.equal((await here.store.reader.character(alice))?.updatedAt, START + 3_000_000)
})

test('a chain of more records than are read at once, and of keys further apart than 64 bits tell, is read to its end', async () => {
  using here = folder()
  await using store = openSqlite({ path: here.path('ledger.db'), reserve: 0 })
  await using writer = await store.write(KEEP)
  // As integers the first of these keys is negative, and the second far above 0; the last is text.
  const keys = ['jzzzzzzzzzzzz', 'bzzzzzzzzzzzz', 'self', ...Array.from({ length: 1_005 }, (_, n) => tid(n))]
  const likes = keys.map((rkey, n) => ({ ...like(n + 1), rkey }))
  await fold(writer, ...likes)
  const read: string[] = []
  for (let after: string | undefined; ; ) {
    const page = await writer.records(alice, after, 700)
    read.push(...page.records.map(([{ rkey }]) => rkey))
    if (page.next === undefined) break
    after = page.next
  }
  assert.deepEqual(read, keys.toReversed())
  const known = await writer.load({ ...nothingTouched(), actors: new Set([alice]), whole: new Set([alice]) })
  const whole = [...known.records(alice)]
  assert.deepEqual(
    whole.map(([{ rkey }]) => rkey),
    keys.toReversed(),
  )
  assert.ok(
    whole.every(
      ([id, state]) => known.record(id) === state && state.rev === likes[keys.indexOf(id.rkey)]?.rev,
    ),
  )
  // All of them go with the person.
  await fold(writer, status(9_000, 'deleted'))
  assert.equal((await store.reader.status()).records, 0)
  assert.deepEqual((await store.auditor.audit(game.rules, () => {})).findings, [])
})
