import { writeCarStream } from '@atcute/car'
import { encode, toBytes } from '@atcute/cbor'
import { type Cid, CODEC_DCBOR, toString as cidText, create, toCidLink } from '@atcute/cid'
import type { Tid } from '@atcute/lexicons/syntax'
import { createRaw } from '@atcute/tid'
import type { Person } from './people.ts'
import { buildTree, type Leaf } from './repository-tree.ts'
import { signingKeyOf } from './signing-key.ts'

/** A repository as served: its newest commit, and all of it as a CAR file. */
export type Repository = { cid: string; rev: Tid; car: Uint8Array }

/** A person's repository as it stands, signed by their key. */
export async function repositoryOf({ did, records, revMicros, index }: Person): Promise<Repository> {
  const rev = createRaw(revMicros, index % 1024)
  const blocks: { cid: Uint8Array; data: Uint8Array }[] = []
  const add = async (value: unknown): Promise<Cid> => {
    const data = encode(value)
    const cid = await create(CODEC_DCBOR, data)
    blocks.push({ cid: cid.bytes, data })
    return cid
  }
  const leaves: Leaf[] = []
  for (const [key, record] of records) {
    // Readers of a whole repository look only at the tree's keys and the records that they point to.
    leaves.push({ key, value: toCidLink(await add(JSON.parse(JSON.stringify(record)))) })
  }
  const data = await buildTree(leaves, async (node) => toCidLink(await add(node)))
  const unsigned = { version: 3, did, data, rev, prev: null }
  const key = await signingKeyOf({ did, index })
  const commit = await add({ ...unsigned, sig: toBytes(await key.sign(encode(unsigned))) })
  const chunks: Uint8Array[] = []
  for await (const chunk of writeCarStream([toCidLink(commit)], blocks)) chunks.push(chunk)
  return { cid: cidText(commit), rev, car: Buffer.concat(chunks) }
}
