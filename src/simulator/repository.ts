import { writeCarStream } from '@atcute/car'
import { encode, toBytes } from '@atcute/cbor'
import { type Cid, CODEC_DCBOR, toString as cidText, create, fromString, toCidLink } from '@atcute/cid'
import type { Tid } from '@atcute/lexicons/syntax'
import { MemoryBlockStore, NodeStore, NodeWrangler } from '@atcute/mst'
import { createRaw } from '@atcute/tid'
import type { Person } from './people.ts'

/** A repository as served: its newest commit, and all of it as a CAR file. */
export type Repository = { cid: string; rev: Tid; car: Uint8Array }

/** A person's repository as it stands; its signature is all zeros, since nobody here checks it. */
export async function repositoryOf({ did, records, revMicros, index }: Person): Promise<Repository> {
  const rev = createRaw(revMicros, index % 1024)
  const blocks: { cid: Uint8Array; data: Uint8Array }[] = []
  const add = async (value: unknown): Promise<Cid> => {
    const data = encode(value)
    const cid = await create(CODEC_DCBOR, data)
    blocks.push({ cid: cid.bytes, data })
    return cid
  }
  const store = new MemoryBlockStore()
  const tree = new NodeWrangler(new NodeStore(store))
  let root: string | null = null
  for (const [path, record] of records) {
    // Readers of a whole repository look only at the tree's keys and the records that they point to.
    root = await tree.putRecord(root, path, toCidLink(await add(JSON.parse(JSON.stringify(record)))))
  }
  // A repository without records is a tree of one empty node.
  root ??= toCidLink(await add({ l: null, e: [] })).$link
  for (const [cid, data] of store.blocks) blocks.push({ cid: fromString(cid).bytes, data })
  const commit = await add({
    version: 3,
    did,
    data: toCidLink(fromString(root)),
    rev,
    prev: null,
    sig: toBytes(new Uint8Array(64)),
  })
  const chunks: Uint8Array[] = []
  for await (const chunk of writeCarStream([toCidLink(commit)], blocks)) chunks.push(chunk)
  return { cid: cidText(commit), rev, car: Buffer.concat(chunks) }
}
