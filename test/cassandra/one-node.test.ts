import assert from 'node:assert/strict'
import { after, describe, test } from 'node:test'
import { openSqlite } from '../../src/store/sqlite/open.ts'
import { storeConformance } from '../conformance/index.ts'
import { folder, until } from '../e2e/harness.ts'
import { testForgetting } from './forgetting.ts'
import { testKilledMoves } from './killed-moves.ts'
import { addressOn, Places, urlOf } from './places.ts'
import { assertRefused } from './refused.ts'
import { assertSameAnswers } from './same-answers.ts'
import { withServers } from './servers.ts'
import { Workers } from './workers.ts'

await withServers(1, (cluster) => {
  // So few rows at once that most of what is read is on several pages.
  const paged = new Places(cluster, 4, { pageRows: 2 })
  // Two parts of the people, in each of which there is always somebody to go on.
  const places = new Places(cluster, 2)
  const moved = new Places(cluster, 2)
  for (const some of [paged, places, moved]) after(() => some[Symbol.asyncDispose]())
  storeConformance({ test, name: 'cql', place: () => paged.place() })

  testForgetting(places)

  test('several processes that start at once make one keyspace', async () => {
    await using fresh = new Places(cluster, 4)
    await using stores = new AsyncDisposableStack()
    const opened = await Promise.allSettled([fresh.open(), fresh.open(), fresh.open()])
    for (const one of opened) if (one.status === 'fulfilled') stores.use(one.value)
    for (const one of opened) {
      assert.ok(one.status === 'fulfilled', String(one.status === 'rejected' && one.reason))
      assert.equal((await one.value.reader.status()).characters, 0)
    }
  })

  test('a keyspace of the first version gets what later ones added, also where that was half done', async () => {
    await using old = new Places(cluster, 2)
    await (await old.open())[Symbol.asyncDispose]()
    const client = await old.connected()
    const { keyspace } = old.address
    await client.execute(`ALTER TABLE ${keyspace}.characters DROP purged_time`)
    const reopen = async () => {
      await client.execute(`UPDATE ${keyspace}.meta SET value = '1' WHERE name = 'version' IF EXISTS`)
      await (await old.open())[Symbol.asyncDispose]()
      const { rows } = await client.execute(
        `SELECT column_name FROM system_schema.columns WHERE keyspace_name = '${keyspace}' AND table_name = 'characters'`,
      )
      assert.ok(rows.some((row) => row.column_name === 'purged_time'))
    }
    await reopen()
    await reopen()
  })

  test('how tables are kept is what their options say, and not a default of the cluster', async () => {
    await using fresh = new Places(cluster, 1)
    await (await fresh.open())[Symbol.asyncDispose]()
    const client = await fresh.connected()
    const { rows } = await client.execute(
      'SELECT table_name, compaction, compression, caching FROM system_schema.tables WHERE keyspace_name = ?',
      [fresh.address.keyspace],
      { prepare: true },
    )
    const of = (table: string) => rows.find(({ table_name }) => table_name === table) ?? assert.fail(table)
    for (const table of ['characters', 'records', 'events', 'inbox', 'board']) {
      assert.match(String(of(table).compaction.class), /UnifiedCompactionStrategy$/, table)
    }
    for (const table of ['events', 'events_by_type']) {
      assert.match(String(of(table).compression.class), /ZstdCompressor$/, table)
      assert.equal(of(table).caching.rows_per_partition, 'NONE')
    }
    assert.equal(of('characters').compaction.scaling_parameters, 'L4')
    assert.equal(of('events').compaction.scaling_parameters, 'T4')
  })

  test('an address that is wrong ends every command with what to do about it', async () => {
    const url = urlOf(addressOn(cluster, 'nobody'))
    const elsewhere = url.replace(/dc=.*/, 'dc=moon')
    for (const command of ['start', 'ingest', 'api', 'verify']) {
      await assertRefused(elsewhere, /no data centre named "moon".*Set dc= in DATABASE_URL/, command)
    }
    await assertRefused(`${url}&tls=true`, /can be reached: .*whether they speak TLS/)
    await assertRefused(url.replace(/\/\/[^/]+/, '//127.0.0.1:1'), /none of 127\.0\.0\.1:1 can be reached/)
  })

  // Workers wait more than they work: those of one test meanwhile share the node with those of another.
  describe('workers', { concurrency: true }, () => {
    testKilledMoves(moved)

    test('the same network is served alike from either store', async () => {
      await using here = await places.place()
      await using store = await here.open()
      using folderOfFile = folder()
      await using file = openSqlite({ path: folderOfFile.path('ledger.db'), reserve: 0 })
      await assertSameAnswers(file, store)
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
      await using shared = new Places(cluster, 8)
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
})
