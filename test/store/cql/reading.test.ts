import assert from 'node:assert/strict'
import { test } from 'node:test'
import { errors } from 'cassandra-driver'
import { Ledger } from '../../../src/ingest/ledger.ts'
import type { Mutation } from '../../../src/store/cql/rows/mutations.ts'
import { pack, unpack } from '../../../src/store/cql/shards/journal.ts'
import { StoreError } from '../../../src/store/store.ts'
import { alice, bob, FIRST, like } from '../../conformance/operations.ts'
import { game, START, tid } from '../../game/arbitrary.ts'
import { MemoryCluster } from './memory-cluster.ts'
import { openOn } from './memory-store.ts'

test('what a server has missed while it was away is shown all the same', async () => {
  const cluster = new MemoryCluster()
  await using store = await openOn(cluster)
  await using writer = await store.write({ fingerprint: game.rules.fingerprint, purpose: 'keep' })
  const ledger = new Ledger({ game, writer, folded: () => {} })
  await ledger.fold([like(alice, 1), like(bob, 1)], undefined)
  cluster.behind = new MemoryCluster()
  cluster.behind.restore(cluster.snapshot())
  const gone = { kind: 'account', did: alice, at: START, time: START, status: 'deactivated' } as const
  await ledger.fold([gone, like(bob, 2)], undefined)
  const { reader } = store
  assert.equal(await reader.character(alice), undefined)
  assert.equal(await reader.events(alice, FIRST), undefined)
  assert.equal((await reader.character(bob))?.experience, 20)
  assert.equal((await reader.events(bob, FIRST))?.items.length, 2)
  assert.deepEqual(await reader.xpHistogram(), [{ experience: 20, characters: 1 }])
  const { items } = await reader.board({ cursor: undefined, around: undefined, limit: 10 })
  assert.deepEqual(
    items.map(({ character }) => character.did),
    [bob],
  )
})

test('an outage is no gap: a follower of the ledger who was refused gets the same events afterwards', async () => {
  const cluster = new MemoryCluster()
  await using store = await openOn(cluster)
  await using writer = await store.write({ fingerprint: game.rules.fingerprint, purpose: 'keep' })
  const ledger = new Ledger({ game, writer, folded: () => {} })
  const { reader } = store
  const { position } = await reader.recent(undefined, 10)
  for (let n = 1; n <= 2; n++) await ledger.fold([like(alice, n)], undefined)
  cluster.fate = (cql) => {
    if (/ data FROM journal/.test(cql)) throw new Error('no server answers')
    return 'fine'
  }
  await assert.rejects(reader.recent(position, 10), /no server answers/)
  cluster.fate = () => 'fine'
  const { events, missed } = await reader.recent(position, 10)
  assert.deepEqual([events.map(({ rkey }) => rkey), missed], [[tid(1), tid(2)], false])
})

test('a read for display that gets no answer fails in words after some seconds, whatever the driver reports', async () => {
  const cluster = new MemoryCluster()
  await using store = await openOn(cluster)
  cluster.fate = (cql) => {
    if (cql.includes('FROM books'))
      throw new errors.OperationTimedOutError('The host did not reply before timeout 2000 ms\n  at a stack')
    return 'fine'
  }
  await assert.rejects(store.reader.status(), (error) => {
    assert.ok(error instanceof StoreError)
    assert.match(
      error.message,
      /^the database has not answered a read within 3 s \(The host did not reply before timeout 2000 ms\)\. Check/,
    )
    return true
  })
})

test('blocks of a longer attempt that was refused are no events', async () => {
  const here = await threeBatches()
  await using store = here.store
  here.put(2, 1, here.block(3))
  const { events, missed } = await store.reader.recent(here.position, 10)
  assert.deepEqual([events.map(({ rkey }) => rkey), missed], [[tid(1), tid(2), tid(3)], false])
})

test('of a batch of which a part is lost nothing is shown, and followers are told of the gap', async () => {
  const here = await threeBatches()
  await using store = here.store
  const { epoch, mutations } = unpack([here.block(2)])
  const days = Array.from({ length: 4_000 }, (_, n): Mutation => ['eventDay', 0, n, alice])
  const [first, ...others] = pack({ epoch, mutations: [...mutations, ...days] })
  assert.equal(others.length, 1)
  here.put(2, 0, first)
  assert.deepEqual(await store.reader.recent(here.position, 10), {
    events: [],
    position: (await store.reader.recent(undefined, 10)).position,
    missed: true,
    more: false,
  })
})

/** A store of one shard with a like of alice in each of its batches 1 to 3, and the position before them. */
async function threeBatches() {
  const cluster = new MemoryCluster()
  const store = await openOn(cluster, { shards: 1 })
  const { position } = await store.reader.recent(undefined, 10)
  await using writer = await store.write({ fingerprint: game.rules.fingerprint, purpose: 'keep' })
  const ledger = new Ledger({ game, writer, folded: () => {} })
  for (let n = 1; n <= 3; n++) await ledger.fold([like(alice, n)], undefined)
  const block = (batch: number): Buffer =>
    cluster.rows('journal').find(({ seq, chunk }) => seq === batch && chunk === 0)?.data as Buffer
  const put = (seq: number, chunk: number, data: Buffer | undefined): void => {
    const cql = 'INSERT INTO journal (shard, seq, chunk, data) VALUES (?, ?, ?, ?) USING TIMESTAMP ?'
    cluster.run(cql, [0, seq, chunk, data, Number.MAX_SAFE_INTEGER])
  }
  return { store, position, block, put }
}
