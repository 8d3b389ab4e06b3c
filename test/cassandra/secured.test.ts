// A server that wants a name and a password, and speaks TLS only, as a URL says it.
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { Client } from 'cassandra-driver'
import { type CqlAddress, readAddress } from '../../src/store/cql/address.ts'
import { openCql } from '../../src/store/cql/open.ts'
import { StoreError } from '../../src/store/store.ts'
import { withCassandra } from './servers.ts'

await withCassandra(
  1,
  (cluster) => {
    const address = (who: string, options = `&tls=true&ca=${cluster.authority}`): CqlAddress =>
      readAddress(`cql://${who}127.0.0.1/secured?dc=${cluster.localDataCenter}${options}`)
    const open = (of: CqlAddress) => openCql({ address: of, shards: 1, replication: undefined })
    const refused = (of: CqlAddress, message: RegExp) =>
      assert.rejects(open(of), (error) => {
        assert.ok(error instanceof StoreError, String(error))
        assert.match(error.message, message)
        assert.doesNotMatch(error.message, /hunter/)
        return true
      })

    test('a server that knows us and is known to us is used', async () => {
      await using store = await open(address('cassandra:cassandra@'))
      await using writer = await store.write({ fingerprint: 'rules', purpose: 'keep' })
      assert.equal(await writer.cursor(), undefined)
    })

    test('whoever it does not let in is told why', async () => {
      await refused(address('cassandra:hunter2@'), /does not let us in as cassandra: .*user and password/s)
      await refused(address(''), /does not let us in without a name and password/)
    })

    test('a server that nobody vouches for is not spoken to', async () => {
      await refused(
        address('cassandra:hunter2@', '&tls=true'),
        /certificate that is not trusted: .*self.signed.*ca= in DATABASE_URL/s,
      )
    })

    test('a server that speaks TLS only cannot be reached otherwise', async () => {
      await refused(address('cassandra:hunter2@', ''), /none of 127\.0\.0\.1 can be reached/)
    })

    test('somebody without the rights to a keyspace is told which are missing', async () => {
      const { contactPoints, localDataCenter = '', authority } = address('')
      const admin = new Client({
        contactPoints,
        localDataCenter,
        credentials: { username: 'cassandra', password: 'cassandra' },
        sslOptions: { ca: [authority ?? ''] },
      })
      await admin.execute("CREATE ROLE guest WITH PASSWORD = 'hunter2' AND LOGIN = true")
      await admin.shutdown()
      const elsewhere = { ...address('guest:hunter2@'), keyspace: 'another' }
      await refused(
        elsewhere,
        /guest may not do that at 127\.0\.0\.1: .*rights to create and use keyspace another/s,
      )
    })
  },
  { password: true, tls: true },
)
