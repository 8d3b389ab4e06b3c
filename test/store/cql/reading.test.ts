import assert from 'node:assert/strict'
import { test } from 'node:test'
import { Ledger } from '../../../src/ingest/ledger.ts'
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
