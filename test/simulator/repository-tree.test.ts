import assert from 'node:assert/strict'
import { test } from 'node:test'
import { encode } from '@atcute/cbor'
import { CODEC_DCBOR, create, toCidLink } from '@atcute/cid'
import { MemoryBlockStore, NodeStore, NodeWrangler } from '@atcute/mst'
import fc from 'fast-check'
import { buildTree } from '../../src/simulator/repository-tree.ts'

const linkTo = async (value: unknown) => toCidLink(await create(CODEC_DCBOR, encode(value)))
const KEY = fc.stringMatching(/^app\.bsky\.(feed\.(post|like)|graph\.follow)\/[2-7a-z]{1,13}$/)

test('a tree built at once has the root of one to which a library adds key by key', async () => {
  const value = await linkTo({ text: 'a record' })
  await fc.assert(
    fc.asyncProperty(fc.uniqueArray(KEY, { minLength: 1, maxLength: 300 }), async (keys) => {
      const tree = new NodeWrangler(new NodeStore(new MemoryBlockStore()))
      let root: string | null = null
      for (const key of keys) root = await tree.putRecord(root, key, value)
      const leaves = keys.map((key) => ({ key, value }))
      assert.equal((await buildTree(leaves, linkTo)).$link, root)
    }),
    { numRuns: 50 },
  )
})

test('a tree of no records is one empty node', async () => {
  assert.deepEqual(await buildTree([], linkTo), await linkTo({ l: null, e: [] }))
})
