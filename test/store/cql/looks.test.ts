import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { Wish } from '../../../src/game/operation.ts'
import { Ledger } from '../../../src/ingest/ledger.ts'
import { alice, bob, like } from '../../conformance/operations.ts'
import { game, START } from '../../game/arbitrary.ts'
import { MemoryCluster } from './memory-cluster.ts'
import { openOn } from './memory-store.ts'

const KEEP = { fingerprint: game.rules.fingerprint, purpose: 'keep' } as const
const didsOf = (wishes: readonly Wish[]) => wishes.map(({ did }) => did)

test('visitors looks are handed out until they are fulfilled, once for each person, and not by way of the inbox', async () => {
  const cluster = new MemoryCluster()
  const queries: string[] = []
  cluster.fate = (cql) => {
    queries.push(cql)
    return 'fine'
  }
  await using store = await openOn(cluster)
  await using writer = await store.write(KEEP)
  const ledger = new Ledger({ game, writer, folded: () => {} })
  await ledger.fold([like(alice, 1), like(bob, 1)], undefined)
  for (const at of [START, START + 1]) await store.inbox.leave({ kind: 'look-up', did: alice, at })
  assert.deepEqual(didsOf(await writer.wishes(10)), [alice])
  assert.deepEqual(didsOf(await writer.wishes(10)), [alice])
  await ledger.fold(await writer.wishes(10), undefined)
  assert.deepEqual(await writer.wishes(10), [])
  await store.inbox.leave({ kind: 'look-up', did: bob, at: START + 2 })
  assert.deepEqual(didsOf(await writer.wishes(10)), [bob])
  assert.deepEqual(
    queries.filter((cql) => /^(INSERT INTO|DELETE FROM|BEGIN.*) inbox/.test(cql)),
    [],
  )
})

test('a worker that takes over finds the looks of the last minutes', async () => {
  const cluster = new MemoryCluster()
  await using store = await openOn(cluster)
  {
    await using first = await store.write(KEEP)
    const ledger = new Ledger({ game, writer: first, folded: () => {} })
    await ledger.fold([like(alice, 1)], undefined)
  }
  await store.inbox.leave({ kind: 'look-up', did: alice, at: START })
  await using heir = await store.write(KEEP)
  assert.deepEqual(didsOf(await heir.wishes(10)), [alice])
})
