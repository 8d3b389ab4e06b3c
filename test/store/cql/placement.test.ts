import assert from 'node:assert/strict'
import { test } from 'node:test'
import { groupByServers, partitionKey, type Ring } from '../../../src/store/cql/driver/placement.ts'

test('the key of a partition is its columns as the protocol writes them', () => {
  const hex = (...key: Parameters<typeof partitionKey>) => partitionKey(...key).toString('hex')
  assert.equal(hex(['text'], ['\u00e9']), 'c3a9')
  assert.equal(hex(['int'], [-2]), 'fffffffe')
  assert.equal(hex(['bigint'], [2 ** 53 - 1]), '001fffffffffffff')
  // Of several columns each has its length before it and a zero after it.
  assert.equal(hex(['text', 'int'], ['a', 1]), '0001610000040000000100')
  assert.equal(
    hex(['text', 'text', 'bigint'], ['a', 'bc', 3]),
    '00016100000262630000080000000000000003' + '00',
  )
})

/** Keys beginning with a letter before `n` are on the first two of three servers, others on the last two. */
function ring(answer: (key: string) => number[] | null): Ring {
  const hosts = ['10.0.0.1', '10.0.0.2', '10.0.0.3'].map((address) => ({ address }))
  return {
    hosts: { length: hosts.length },
    getReplicas: (_keyspace, key) => (answer(String(key))?.map((at) => hosts[at]) ?? null) as never,
  }
}

test('what the same servers keep stays together, in its order, whichever of them comes first', () => {
  const of = ring((key) => (key < 'n' ? (key < 'g' ? [0, 1] : [1, 0]) : [1, 2]))
  const groups = groupByServers(of, 'ks', ['a', 'z', 'h', 'b', 'o'], Buffer.from)
  assert.deepEqual(
    groups.map(({ items, routingKey }) => [items, String(routingKey)]),
    [
      [['a', 'h', 'b'], 'a'],
      [['z', 'o'], 'z'],
    ],
  )
})

test('where every server keeps everything, and where nothing is known, all of it is one group', () => {
  for (const answer of [[0, 1, 2], null]) {
    const groups = groupByServers(
      ring(() => answer),
      'ks',
      ['a', 'z'],
      Buffer.from,
    )
    assert.deepEqual(groups, [{ items: ['a', 'z'], routingKey: undefined }])
  }
  assert.deepEqual(
    groupByServers(
      ring(() => null),
      'ks',
      [],
      Buffer.from,
    ),
    [],
  )
})
