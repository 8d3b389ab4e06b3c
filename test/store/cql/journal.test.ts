import assert from 'node:assert/strict'
import { createHash } from 'node:crypto'
import { test } from 'node:test'
import { zstdCompressSync } from 'node:zlib'
import type { Mutation } from '../../../src/store/cql/rows/mutations.ts'
import { keptBefore, pack, recall, unpack } from '../../../src/store/cql/shards/journal.ts'

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

/** A journal of one batch, of which blocks may be missing; records how many rows each read asked for. */
function journalOf(blocks: readonly (Buffer | undefined)[]) {
  const asked: number[] = []
  async function* read(_query: string, [, seq]: readonly unknown[], pageRows: number) {
    asked.push(pageRows)
    if (seq !== 5) return
    const rows = blocks.flatMap((data, chunk) => (data === undefined ? [] : [{ chunk, data }]))
    for (let at = 0; at < rows.length; at += pageRows) yield rows.slice(at, at + pageRows)
  }
  return { asked, read }
}

async function keptOf(blocks: readonly (Buffer | undefined)[]) {
  return Array.fromAsync(keptBefore(journalOf(blocks).read, { shard: 0, seq: 9, count: 16 }))
}

test('a batch of any size is read some megabytes at a time', async () => {
  const mutations = rows(80_000)
  const blocks = pack({ epoch: 7, mutations })
  const { asked, read } = journalOf(blocks)
  assert.ok(blocks.length > 16)
  const batch = await recall(read, { shard: 0, seq: 5, chunks: blocks.length })
  assert.deepEqual(batch, { epoch: 7, mutations })
  assert.ok(asked.every((pageRows) => pageRows * 256 * 1024 <= 4 * 2 ** 20))
  await assert.rejects(recall(read, { shard: 0, seq: 5, chunks: blocks.length + 1 }), /of shard 0 has/)
})

test('of a batch that no row names, it is known whether all of it is there', async () => {
  const mutations = rows(10_000)
  const blocks = pack({ epoch: 7, mutations })
  const whole = [{ seq: 5, epoch: 7, mutations }]
  assert.ok(blocks.length > 2)
  assert.deepEqual(await keptOf(blocks), whole)
  // An attempt that came to nothing was longer.
  assert.deepEqual(await keptOf([...blocks, ...blocks]), whole)
  assert.deepEqual(await keptOf(blocks.slice(0, -1)), [])
  assert.deepEqual(await keptOf([undefined, ...blocks.slice(1)]), [])
  assert.deepEqual(await keptOf(blocks.map((block, at) => (at === 1 ? undefined : block))), [])
  // A block is lost, and one that a former owner had stored in its place has come up again.
  const refused = pack({ epoch: 6, mutations })
  assert.equal((await keptOf(blocks.map((block, at) => (at === 1 ? refused[1] : block)))).length, 0)
  const former = zstdCompressSync(JSON.stringify({ epoch: 7, mutations }))
  assert.deepEqual(await keptOf([former]), whole)
})
