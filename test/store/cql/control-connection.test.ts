import assert from 'node:assert/strict'
import { test } from 'node:test'
import { Client } from 'cassandra-driver'
import { keepRefreshing } from '../../../src/store/cql/control-connection.ts'

test('a connection of the driver that breaks off while it is made again is tried once more, and ends nothing', async (t) => {
  t.mock.timers.enable({ apis: ['setTimeout'] })
  const client = new Client({ contactPoints: ['127.0.0.1'], localDataCenter: 'datacenter1' })
  const { controlConnection } = client as unknown as {
    controlConnection: { _refresh: () => Promise<void> }
  }
  // The driver has it, and calls it on itself: an upgrade that does otherwise is to be looked at.
  assert.equal(typeof controlConnection._refresh, 'function')
  let tried = 0
  controlConnection._refresh = async () => {
    tried += 1
    if (tried === 1) throw new TypeError("Cannot read properties of null (reading 'once')")
  }
  keepRefreshing(client)
  await controlConnection._refresh()
  t.mock.timers.tick(1_000)
  assert.equal(tried, 2)
  await client.shutdown()
})
