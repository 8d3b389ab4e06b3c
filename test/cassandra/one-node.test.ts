import assert from 'node:assert/strict'
import { after, test } from 'node:test'
import { openCql } from '../../src/store/cql/open.ts'
import { StoreError } from '../../src/store/store.ts'
import { storeConformance } from '../conformance/suite.ts'
import { until } from '../e2e/harness.ts'
import { addressOn, Places } from './places.ts'
import { withServers } from './servers.ts'
import { Workers } from './workers.ts'

await withServers(1, (cluster) => {
  const places = new Places(cluster, 4)
  after(() => places[Symbol.asyncDispose]())
  storeConformance({ name: 'cql', place: () => places.place() })

  test('several processes that start at once make one keyspace', async () => {
    await using fresh = new Places(cluster, 4)
    const stores = await Promise.all([fresh.open(), fresh.open(), fresh.open()])
    for (const store of stores) {
      assert.equal((await store.reader.status()).characters, 0)
      await store[Symbol.asyncDispose]()
    }
  })

  test('what is wrong with an address is told', async () => {
    const open = (changes: object) =>
      openCql({ address: { ...addressOn(cluster, 'nobody'), ...changes }, shards: 1, replication: undefined })
    const refused = (changes: object, message: RegExp) =>
      assert.rejects(open(changes), (error) => {
        assert.ok(error instanceof StoreError, String(error))
        assert.match(error.message, message)
        return true
      })
    await refused({ contactPoints: ['127.0.0.1:1'] }, /127\.0\.0\.1:1.*cannot|none of 127\.0\.0\.1:1/s)
    await refused({ localDataCenter: 'moon' }, /no data centre named "moon".*dc=/s)
  })

  test('two workers that want the same shard at the same moment do not write it twice', async () => {
    await using single = new Places(cluster, 1)
    await using workers = await Workers.begin(single, 12)
    workers.start()
    await workers.startFirst()
    for (let turn = 0; turn < 5; turn++) await workers.happen(150)
    await workers.finish()
    await workers.assertRight()
  })

  test('two workers share a bad network, one of them dies, and the ledger is right', async () => {
    const shared = new Places(cluster, 8)
    await using _ = shared
    await using workers = await Workers.begin(shared, 11)
    const first = await workers.startFirst()
    await workers.happen(150)
    const second = workers.start()
    await until('both have shards', async () => (await workers.owners()) === 2)
    for (let turn = 0; turn < 8; turn++) await workers.happen(150)
    workers.simulator.emit(100)
    assert.equal(await first.kill('SIGKILL'), 'SIGKILL')
    workers.simulator.emit(100)
    await workers.finish()
    assert.equal(second.child.exitCode, null, second.output)
    await workers.assertRight()
  })
})
