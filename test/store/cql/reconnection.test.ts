import assert from 'node:assert/strict'
import { test } from 'node:test'
import { Client } from 'cassandra-driver'
import { readAddress } from '../../../src/store/cql/driver/address.ts'
import { optionsOf } from '../../../src/store/cql/driver/connect.ts'
import { HangingHosts, HangingLastPolicy } from '../../../src/store/cql/driver/hanging-hosts.ts'

test('a server that was away for a long time is tried again within five seconds', () => {
  const hanging = new HangingHosts()
  const address = readAddress('cql://127.0.0.1/test?dc=datacenter1')
  const client = new Client(optionsOf(address, new HangingLastPolicy('datacenter1', hanging), hanging))
  const { policies } = (client as unknown as Made).options
  const pauses = policies.reconnection.newSchedule()
  for (let attempt = 0; attempt < 1_000; attempt++) {
    const { value } = pauses.next()
    assert.ok(value !== undefined && value <= 5_000, `after ${value} ms`)
  }
})

/** What the driver makes of its options. */
type Made = { options: { policies: { reconnection: { newSchedule(): Iterator<number, undefined> } } } }
