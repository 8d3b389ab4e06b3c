import assert from 'node:assert/strict'
import { test } from 'node:test'
import { setImmediate as turn } from 'node:timers/promises'
import { Ledger } from '../../../src/ingest/ledger.ts'
import { alice, like } from '../../conformance/operations.ts'
import { game } from '../../game/arbitrary.ts'
import { MemoryCluster } from './memory-cluster.ts'
import { openOn } from './memory-store.ts'

test('a lease is renewed before or after a commit, never beside it', async (t) => {
  t.mock.timers.enable({ apis: ['setInterval'] })
  let elapsedMs = 0
  t.mock.method(performance, 'now', () => elapsedMs)
  const cluster = new MemoryCluster()
  const client = cluster.client()
  const execute = client.execute.bind(client)
  const [reached, goOn] = [Promise.withResolvers<void>(), Promise.withResolvers<void>()]
  const began: string[] = []
  let underWay = 0
  client.execute = async (cql, ...rest) => {
    if (!cql.startsWith('UPDATE shards SET until')) return execute(cql, ...rest)
    const isCommit = cql.includes(' chunks = ?')
    began.push(`${isCommit ? 'commit' : 'renewal'}${underWay > 0 ? ' beside another' : ''}`)
    underWay += 1
    if (isCommit) {
      reached.resolve()
      await goOn.promise
    }
    const answer = await execute(cql, ...rest)
    underWay -= 1
    return answer
  }
  await using store = await openOn(cluster, { shards: 1 }, client)
  await using writer = await store.write({ fingerprint: game.rules.fingerprint, purpose: 'keep' })
  const ledger = new Ledger({ game, writer, folded: () => {} })
  const folded = ledger.fold([like(alice, 1)], undefined)
  await reached.promise
  // Servers take their time, and the lease is due.
  elapsedMs += 10_000
  t.mock.timers.tick(2_000)
  await turn()
  goOn.resolve()
  await folded
  await turn()
  assert.deepEqual(began, ['commit', 'renewal'])
})
