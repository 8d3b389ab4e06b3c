import assert from 'node:assert/strict'
import { test } from 'node:test'
import { StoreError } from '../../../src/store/store.ts'
import { MemoryCluster } from './memory-cluster.ts'
import { openOn } from './memory-store.ts'

test('a keyspace of a layout from before the first release is refused, and never half-read', async () => {
  const cluster = new MemoryCluster()
  await (await openOn(cluster))[Symbol.asyncDispose]()
  cluster.dropColumn('books', 'board_above')
  await assert.rejects(openOn(cluster), (error) => {
    assert.ok(error instanceof StoreError)
    assert.match(error.message, /table books has no board_above\): name a new keyspace/)
    return true
  })
})

test('a keyspace with copies in several data centres is used at a quorum of all of them only', async () => {
  const cluster = new MemoryCluster()
  await (await openOn(cluster))[Symbol.asyncDispose]()
  cluster.replication = { class: 'NetworkTopologyStrategy', datacenter1: '3', elsewhere: '3' }
  await assert.rejects(openOn(cluster), /copies in datacenter1, elsewhere.*consistency=quorum/)
  await (await openOn(cluster, { consistency: 'quorum' }))[Symbol.asyncDispose]()
  cluster.replication = { class: 'NetworkTopologyStrategy', elsewhere: '3' }
  await assert.rejects(openOn(cluster), /no copies in data centre datacenter1, only in elsewhere/)
})
