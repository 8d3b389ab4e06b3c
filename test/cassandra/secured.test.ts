// A server that requires a name, a password and TLS, all of them given in the URL.
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { Client } from 'cassandra-driver'
import { addressOf } from '../../dev/cassandra/settings.ts'
import { readAddress } from '../../src/store/cql/driver/address.ts'
import { openCql } from '../../src/store/cql/open.ts'
import { assertRefused } from './refused.ts'
import { withCassandra } from './servers.ts'

await withCassandra(
  1,
  (cluster) => {
    const urlFor = (who: string, options = `&tls=true&ca=${cluster.authority}`): string =>
      `cql://${who}${addressOf(1)}/secured?dc=${cluster.localDataCenter}${options}`

    test('a server that knows us and is known to us is used', async () => {
      const address = readAddress(urlFor('cassandra:cassandra@'))
      await using store = await openCql({ address, shards: 1, replication: undefined })
      await using writer = await store.write({ fingerprint: 'rules', purpose: 'keep' })
      assert.equal(await writer.cursor(), undefined)
    })

    test('clients that it does not let in are told why', async () => {
      await assertRefused(
        urlFor('cassandra:hunter2@'),
        /does not let us in as cassandra: .*user and password/,
      )
      await assertRefused(urlFor(''), /does not let us in without a name and password/)
    })

    test('a server that nobody vouches for is not spoken to', async () => {
      await assertRefused(
        urlFor('cassandra:hunter2@', '&tls=true'),
        /certificate that is not trusted: .*self.signed.*ca= in DATABASE_URL/,
      )
    })

    test('a server that speaks TLS only cannot be reached otherwise', async () => {
      await assertRefused(
        urlFor('cassandra:hunter2@', ''),
        /none of 127\.0\.\d+\.1 can be reached: .*whether they speak TLS/,
      )
    })

    test('somebody without the rights to a keyspace is told which are missing', async () => {
      const { contactPoints, localDataCenter = '', authority } = readAddress(urlFor(''))
      const admin = new Client({
        contactPoints,
        localDataCenter,
        credentials: { username: 'cassandra', password: 'cassandra' },
        sslOptions: { ca: [authority ?? ''] },
      })
      try {
        await admin.execute("CREATE ROLE guest WITH PASSWORD = 'hunter2' AND LOGIN = true")
      } finally {
        await admin.shutdown()
      }
      await assertRefused(
        urlFor('guest:hunter2@').replace('/secured?', '/another?'),
        /guest may not do that at 127\.0\.\d+\.1: .*rights to create and use keyspace another/,
      )
    })
  },
  { password: true, tls: true },
)
