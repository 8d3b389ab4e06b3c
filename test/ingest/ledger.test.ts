import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { Changes } from '../../src/game/state.ts'
import { Ledger } from '../../src/ingest/ledger.ts'
import type { SlicedFold } from '../../src/store/slices.ts'
import type { Writer } from '../../src/store/store.ts'
import { game, POST, person, START, tid } from '../game/arbitrary.ts'
import { MemoryLedger } from '../memory-ledger.ts'

const post = (n: number) =>
  ({
    kind: 'commit',
    did: person(0),
    at: START,
    rev: tid(n),
    op: 'create',
    collection: POST,
    rkey: tid(n),
    record: {},
  }) as const

function ledgerOver(commit: (changes: Changes) => Promise<void>) {
  const memory = new MemoryLedger()
  const reported: Changes[] = []
  const writer: Partial<Writer> = { owns: () => true, load: async () => memory, commit }
  const ledger = new Ledger({ game, writer: writer as Writer, folded: (changes) => reported.push(changes) })
  return { ledger, reported, memory }
}

test('what is folded is told once it is committed, and not before', async () => {
  const committed = Promise.withResolvers<void>()
  const { ledger, reported } = ledgerOver(() => committed.promise)
  const folded = ledger.fold([post(1)], undefined)
  // Far more turns than deciding takes.
  for (let turn = 0; turn < 50; turn++) await Promise.resolve()
  assert.deepEqual(reported, [])
  committed.resolve()
  assert.deepEqual(reported, [])
  const [changes] = await folded
  assert.deepEqual(reported, [changes])
})

test('a long batch is decided slice by slice, each by what the ones before have changed, and told as a whole', async () => {
  const memory = new MemoryLedger()
  const committed = Promise.withResolvers<void>()
  const [sizes, places, reported] = [[] as number[], [] as unknown[], [] as [Changes, unknown][]]
  const took = { loadSeconds: 1, commitSeconds: 2 }
  const sliced: SlicedFold = {
    operations: 3,
    fold: async (slices, cursor) => {
      for (const { touched, decide } of slices) {
        sizes.push(touched.records.length)
        memory.commit(decide(memory))
      }
      await committed.promise
      places.push(cursor)
      return took
    },
  }
  const writer: Partial<Writer> = {
    owns: (did) => did === person(0),
    load: async () => assert.fail('it was taken as a whole'),
    sliced,
  }
  const ledger = new Ledger({
    game,
    writer: writer as Writer,
    folded: (...told) => reported.push(told),
  })
  const posts = [1, 2, 3, 4, 5, 6, 7].map(post)
  const cursor = { host: 'a.test', wire: 'v2', value: 7, at: START }
  // The first post comes again, in a later slice, which has to know it.
  const folded = ledger.fold([...posts, { ...post(8), did: person(1) }, post(1)], cursor)
  for (let turn = 0; turn < 50; turn++) await Promise.resolve()
  assert.deepEqual(reported, [])
  committed.resolve()
  const changes = await folded
  assert.deepEqual(sizes, [3, 3, 2])
  assert.deepEqual(
    changes.map(({ outcomes }) => [outcomes.applied, outcomes.repeated]),
    [
      [3, 0],
      [3, 0],
      [1, 1],
    ],
  )
  assert.deepEqual(reported, [
    [changes[0], undefined],
    [changes[1], undefined],
    [changes[2], took],
  ])
  assert.deepEqual(places, [cursor])
})

test('what has become the business of others is left to them', async () => {
  const memory = new MemoryLedger()
  const writer: Partial<Writer> = {
    owns: (did) => did === person(1),
    load: async () => memory,
    commit: async (changes) => memory.commit(changes),
  }
  const ledger = new Ledger({ game, writer: writer as Writer, folded: () => {} })
  await ledger.fold([post(1), { ...post(2), did: person(1) }], undefined)
  assert.deepEqual([...memory.actors.keys()], [person(1)])
})

test('what could not be committed is not told, and after it nothing more is done', async () => {
  const full = new Error('disk full')
  let commits = 0
  const { ledger, reported } = ledgerOver(async () => {
    commits += 1
    throw full
  })
  assert.equal(ledger.failed.aborted, false)
  const lost = ledger.fold([post(1)], undefined)
  // In line behind it, as an answer is behind the stream.
  const next = ledger.fold([post(2)], undefined)
  const used = ledger.use(async () => assert.fail('the writer was given out again'))
  for (const each of [lost, next, used]) await assert.rejects(each, (error) => error === full)
  await assert.rejects(ledger.fold([post(3)], undefined), (error) => error === full)
  assert.equal(commits, 1)
  assert.deepEqual(reported, [])
  assert.equal(ledger.failed.reason, full)
})
