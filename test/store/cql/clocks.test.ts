// Machines whose clocks disagree: everything that is ordered by time must use the servers' clock.
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { createRaw } from '@atcute/tid'
import type { Did, Handle, Tid } from '../../../src/atproto/event.ts'
import { decide } from '../../../src/game/decide.ts'
import type { Operation } from '../../../src/game/operation.ts'
import { touched } from '../../../src/game/touched.ts'
import type { CqlStore } from '../../../src/store/cql/open.ts'
import { shardOf } from '../../../src/store/cql/rows/buckets.ts'
import type { Writer } from '../../../src/store/store.ts'
import { game, LIKE, person } from '../../game/arbitrary.ts'
import { MemoryCluster } from './memory-cluster.ts'
import { openOn } from './memory-store.ts'

const KEEP = { fingerprint: game.rules.fingerprint, purpose: 'keep', company: 'others' } as const
const HEARTBEAT = { at: 0, lag: 0, host: undefined }
const MINUTE = 60_000_000
const HOUR = 60 * MINUTE
const PEOPLE = [0, 1, 2, 3, 4, 5, 6, 7].map(person)
const NAME = 'moved.test' as Handle

for (const [ahead, what] of [
  [HOUR, 'an hour ahead'],
  [5 * MINUTE, 'five minutes ahead'],
  [-HOUR, 'an hour behind'],
] as const) {
  test(`a handle is found where it moved to, and not where a worker had it whose clock is ${what}`, async () => {
    const cluster = new MemoryCluster()
    const now = (): number => cluster.nowMs * 1000
    const clocks = { wrong: () => now() + ahead, right: now }
    await using stores = new AsyncDisposableStack()
    const [wrong, right] = await share(cluster, stores, clocks)
    const [alice, bob] = [theirs(wrong.writer), theirs(right.writer)]
    await fold(wrong.writer, [named(alice, clocks.wrong())])
    assert.equal(await right.store.reader.didOf(NAME), alice)
    cluster.nowMs += 60_000
    for (const { writer } of [wrong, right]) await writer.beat(HEARTBEAT)
    await fold(right.writer, [named(bob, clocks.right())])
    await wrong.writer.wishes(10)
    assert.equal(await right.store.reader.didOf(NAME), bob)
    // And back, for its clock must not take it from anybody either, nor keep it from itself.
    cluster.nowMs += 60_000
    for (const { writer } of [wrong, right]) await writer.beat(HEARTBEAT)
    await fold(wrong.writer, [named(alice, clocks.wrong())])
    await right.writer.wishes(10)
    assert.equal(await right.store.reader.didOf(NAME), alice)
    // A person who has another handle by now is not found by this one.
    cluster.nowMs += 60_000
    for (const { writer } of [wrong, right]) await writer.beat(HEARTBEAT)
    await fold(wrong.writer, [named(alice, clocks.wrong(), 'other.test')])
    assert.equal(await right.store.reader.didOf(NAME), undefined)
    assert.deepEqual(
      cluster.rows('handles').map(({ handle, did }) => [handle, did]),
      [['other.test', alice]],
    )
  })
}

test('a handle that an earlier version wrote under a time to come moves all the same', async () => {
  const cluster = new MemoryCluster()
  await using store = await openOn(cluster, { shards: 1 })
  await using writer = await store.write(KEEP)
  const [alice, bob] = [person(0), person(1)]
  const insert = 'INSERT INTO handles (handle, did) VALUES (?, ?) USING TIMESTAMP ?'
  cluster.run(insert, [NAME, alice, cluster.nowMs * 1000 + HOUR])
  await fold(writer, [named(bob, Date.now() * 1000)])
  assert.equal(await store.reader.didOf(NAME), bob)
})

test('who is unforgotten from a machine whose clock is an hour ahead is seen from then on, not an hour later', async () => {
  const cluster = new MemoryCluster()
  const now = (): number => cluster.nowMs * 1000
  await using store = await openOn(cluster, { shards: 1, clock: now })
  await using operator = await openOn(cluster, { shards: 1, clock: () => now() + HOUR })
  await using writer = await store.write(KEEP)
  const did = person(0)
  await fold(writer, [named(did, now())])
  for (const kind of ['forget', 'unforget'] as const) {
    await operator.inbox.leave({ kind, did, at: now() + HOUR })
    cluster.nowMs += 1_000
    await fold(writer, await writer.wishes(10))
  }
  await fold(writer, [liked(did, now() + MINUTE)])
  assert.deepEqual(
    cluster.rows('records').map(({ rkey }) => rkey),
    [createRaw(now() + MINUTE, 5)],
  )
})

test('looks at the inbox begin past what was taken out, also those of the next owner', async () => {
  const cluster = new MemoryCluster()
  const begins: string[] = []
  cluster.carriedOut = (cql, [, from]) => {
    if (/FROM inbox WHERE shard = \? AND id >=/.test(cql)) begins.push(String(from))
  }
  await using store = await openOn(cluster, { shards: 1 })
  const taken: string[] = []
  {
    await using writer = await store.write(KEEP)
    await fold(writer, [named(person(0), Date.now() * 1000)])
    for (let n = 0; n < 5; n++) {
      await store.inbox.leave({ kind: 'look-up', did: person(0), at: 0 })
      taken.push(...cluster.rows('inbox').map(({ id }) => String(id)))
      await fold(writer, await writer.wishes(10))
    }
    assert.deepEqual(cluster.rows('inbox'), [])
    cluster.nowMs += 3_600_000
    await writer.beat(HEARTBEAT)
    for (let look = 0; look < 2; look++) assert.deepEqual(await writer.wishes(10), [])
    assert.ok(taken.every((id) => id < (begins.at(-1) ?? '')))
    // Its place is part of the next batch.
    await fold(writer, [liked(person(0), Date.now() * 1000)])
  }
  await using heir = await store.write(KEEP)
  begins.length = 0
  await heir.wishes(10)
  assert.ok(begins.length > 0 && begins.every((begin) => taken.every((id) => id < begin)))
})

test('what arrives in the inbox late is found, and a server that has too many deletions to read past stops nothing', async () => {
  const cluster = new MemoryCluster()
  const warnings: string[] = []
  const log = { info: () => {}, warn: (_: object, message: string) => warnings.push(message) }
  await using store = await openOn(cluster, { shards: 1, log })
  await using writer = await store.write(KEEP)
  await writer.wishes(10)
  cluster.fate = (cql) => (/FROM inbox WHERE shard = \? AND id < /.test(cql) ? 'lost' : 'fine')
  cluster.nowMs += 3_600_000
  await writer.beat(HEARTBEAT)
  await writer.wishes(10)
  assert.deepEqual(await writer.wishes(10), [])
  assert.equal(warnings.length, 1)
  cluster.fate = () => 'fine'
  const late = [
    0,
    `${String((cluster.nowMs - 7_200_000) * 1000).padStart(17, '0')}-x`,
    'forget',
    person(0),
    0,
    null,
  ]
  cluster.run('INSERT INTO inbox (shard, id, kind, did, at, note) VALUES (?, ?, ?, ?, ?, ?)', late)
  await fold(writer, [liked(person(0), 1)])
  await writer[Symbol.asyncDispose]()
  await using heir = await store.write(KEEP)
  assert.deepEqual(
    (await heir.wishes(10)).map(({ kind }) => kind),
    ['forget'],
  )
})

type Here = { store: CqlStore; writer: Writer }

/** Two workers of one cluster, each of which has a part. */
async function share(
  cluster: MemoryCluster,
  stores: AsyncDisposableStack,
  clocks: { wrong: () => number; right: () => number },
): Promise<[Here, Here]> {
  const open = async (clock: () => number): Promise<Here> => {
    const store = stores.use(await openOn(cluster, { shards: 2, clock }))
    return { store, writer: stores.use(await store.write(KEEP)) }
  }
  const [wrong, right] = [await open(clocks.wrong), await open(clocks.right)]
  for (let beat = 0; beat < 4; beat++) for (const { writer } of [wrong, right]) await writer.beat(HEARTBEAT)
  assert.notEqual(shardOf(theirs(wrong.writer), 2), shardOf(theirs(right.writer), 2))
  return [wrong, right]
}

function theirs(writer: Writer): Did {
  return PEOPLE.find((did) => writer.owns(did)) ?? assert.fail('has nobody')
}

/** Folds an event of a person, and the network's answer with their handle. */
function named(did: Did, at: number, handle: string = NAME): Operation[] {
  const profile = { handle: handle as Handle, displayName: undefined, avatar: undefined, asked: at }
  const answer = { question: 'profile:0:0:0', tries: 99, did, at, profile, optedOut: false, postsCount: 0 }
  return [liked(did, at), { kind: 'profile-answer', ...answer }]
}

function liked(did: Did, at: number): Operation {
  const revision = createRaw(at, 5) as Tid
  const record = { subject: { uri: 'at://x' } }
  return { kind: 'commit', op: 'create', did, at, rev: revision, collection: LIKE, rkey: revision, record }
}

async function fold(writer: Writer, operations: readonly (Operation | Operation[])[]): Promise<void> {
  const all = operations.flat()
  const known = await writer.load(touched(game, all))
  await writer.commit(decide(game, known, all), undefined)
}
