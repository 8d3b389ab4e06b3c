import assert from 'node:assert/strict'
import { test } from 'node:test'
import { Client } from 'cassandra-driver'
import { closeHostsAtShutdown } from '../../../src/store/cql/driver/close-hosts.ts'

/** The parts of the driver that this workaround uses: if an upgrade changes them, the test fails. */
type HostMap = { set(address: string, host: object): void }

test('every server object that the driver ever held is ended with its client, also one that it replaced', async () => {
  const client = new Client({ contactPoints: ['127.0.0.1'], localDataCenter: 'datacenter1' })
  const { hosts } = client as unknown as { hosts: HostMap }
  closeHostsAtShutdown(client)
  const ended: string[] = []
  const host = (name: string) => ({
    shutdown: async () => {
      ended.push(name)
      throw new Error('the connection broke off')
    },
  })
  hosts.set('127.0.0.1:9042', host('first'))
  assert.equal(ended.length, 0)
  hosts.set('127.0.0.1:9042', host('second'))
  assert.deepEqual(ended, ['first'])
  await client.shutdown()
  assert.deepEqual(new Set(ended), new Set(['first', 'second']))
  hosts.set('127.0.0.2:9042', host('late'))
  assert.ok(ended.includes('late'))
})
