// A cluster of three nodes at QUORUM: faults of nodes and workers while they read a network that has faults, too.
import assert from 'node:assert/strict'
import { after, describe, test } from 'node:test'
import type { Cluster } from '../../dev/cassandra/cluster.ts'
import { addressOf, PORT } from '../../dev/cassandra/settings.ts'
import { Random } from '../../src/simulator/random.ts'
import { partitionKey } from '../../src/store/cql/driver/placement.ts'
import { until } from '../e2e/harness.ts'
import { testHungNode } from './hung-node.ts'
import { Places } from './places.ts'
import { withCassandra } from './servers.ts'
import { Workers } from './workers.ts'

/** How often a worker is killed. */
const KILLS = 5
/** Three nodes and several workers on one machine: where others use it, too, some of these take more than the ten minutes of `npm test`. */
const SLOW = { timeout: 1_800_000 }

await withCassandra(3, registerTests, { hints: false })

/** Without hints a node never gets the writes that it missed: no test may depend on them. */
function registerTests(cluster: Cluster): void {
  const places = new Places(cluster, 8)
  after(() => places[Symbol.asyncDispose]())

  // Workers wait more than they work: those of one test meanwhile share the nodes with those of another.
  describe('while all nodes are there', { concurrency: true }, () => {
    test('a worker that is killed again and again leaves what the model has', SLOW, async () => {
      await using workers = await Workers.begin(places, 21)
      const random = new Random(21)
      let program = await workers.startFirst()
      for (let kill = 0; kill < KILLS; kill++) {
        await workers.happen(100 + random.below(50))
        await workers.reached(workers.simulator.archive.entries.length - 1 - random.below(90))
        workers.simulator.emit(random.below(100))
        await program.kill('SIGKILL')
        program = workers.start()
      }
      await workers.finish()
      await workers.assertRight()
    })

    test('a ledger of which each node keeps a part is right, its rows where they belong', SLOW, async () => {
      await using parts = new Places(cluster, 8, { replication: 1 })
      await using workers = await Workers.begin(parts, 24)
      await workers.startFirst()
      for (let turn = 0; turn < 3; turn++) await workers.happen(150)
      await workers.finish()
      await workers.assertRight()
      const client = await parts.connected()
      const { keyspace } = parts.address
      // The server's own reckoning, beside ours.
      const { rows } = await client.execute(
        `SELECT did, bucket, token(did, bucket) AS place FROM ${keyspace}.records`,
      )
      assert.ok(rows.length > 100)
      const seen = new Set<string>()
      for (const { did, bucket, place } of rows) {
        const [here] = client.getReplicas(keyspace, partitionKey(['text', 'int'], [did, bucket]))
        seen.add(String(here?.address))
        assert.equal(here?.address, addressOfToken(BigInt(place.toString())))
      }
      assert.equal(seen.size, 3)
    })

    test('a worker that is paused past its lease and woken changes nothing any more', SLOW, async () => {
      await using others = new Places(cluster, 8)
      await using workers = await Workers.begin(others, 23)
      const first = await workers.startFirst()
      for (let turn = 0; turn < 2; turn++) await workers.happen(150)
      workers.simulator.emit(50)
      first.child.kill('SIGSTOP')
      // It asks for the same shards, all of which have an owner as far as it can see.
      const second = workers.start()
      workers.simulator.emit(50)
      // Its lease runs out, for the other takes all over.
      await workers.arrived()
      first.child.kill('SIGCONT')
      for (let turn = 0; turn < 2; turn++) await workers.happen(150)
      await workers.finish()
      assert.equal(second.child.exitCode, null, second.output)
      await workers.assertRight()
    })
  })

  testHungNode(cluster, places)

  test('a node that dies and one that hangs do not stop two workers', SLOW, async () => {
    await using workers = await Workers.begin(places, 22)
    await workers.startFirst()
    await workers.happen(150)
    workers.start()
    await until('both have shards', async () => (await workers.owners()) === 2)
    await cluster.kill(3)
    try {
      for (let turn = 0; turn < 3; turn++) await workers.happen(150)
    } finally {
      await cluster.restart(3)
    }
    await workers.happen(150)
    cluster.pause(2)
    try {
      for (let turn = 0; turn < 2; turn++) await workers.happen(150)
      await workers.arrived()
    } finally {
      cluster.resume(2)
    }
    await workers.finish()
    await workers.assertRight()
  })
}

/** Each node stores tokens above the previous node's token, up to its own; see dev/cassandra/settings.ts. */
function addressOfToken(token: bigint): string {
  const node = token <= -3074457345618258603n ? 2 : token <= 3074457345618258602n ? 3 : 1
  return `${addressOf(node)}:${PORT}`
}
