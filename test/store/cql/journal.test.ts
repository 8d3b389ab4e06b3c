import assert from 'node:assert/strict'
import { createHash } from 'node:crypto'
import { test } from 'node:test'
import { zstdCompressSync } from 'node:zlib'
import { pack, unpack } from '../../../src/store/cql/journal.ts'
import type { Mutation } from '../../../src/store/cql/mutations.ts'

/** Rows that can hardly be compressed. */
function rows(count: number): Mutation[] {
  return Array.from(
    { length: count },
    (_, n): Mutation => ['eventDay', 0, n, createHash('sha512').update(String(n)).digest('base64')],
  )
}

test('a large batch is packed in blocks that are each read by itself', () => {
  const mutations = rows(20_000)
  const blocks = pack({ epoch: 7, mutations })
  assert.ok(blocks.length > 4)
  assert.ok(blocks.every((block) => block.length <= 256 * 1024))
  for (const block of blocks) assert.equal(unpack([block]).epoch, 7)
  assert.deepEqual(unpack(blocks), { epoch: 7, mutations })
  assert.deepEqual(unpack(pack({ epoch: 1, mutations: [] })), { epoch: 1, mutations: [] })
})

test('a batch that an earlier version cut into blocks is read', () => {
  const batch = { epoch: 3, mutations: rows(5_000) }
  const bytes = zstdCompressSync(JSON.stringify(batch))
  const cut = [bytes.subarray(0, 100_000), bytes.subarray(100_000, 200_000), bytes.subarray(200_000)]
  assert.deepEqual(unpack(cut), batch)
})
