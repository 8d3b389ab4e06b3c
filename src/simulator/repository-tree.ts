// Builds the tree of a repository (https://atproto.com/specs/repository#mst-structure) from all of its keys at once. Putting one
// record after the other, as libraries do, writes a new node on each level for every record: fifteen times the finished tree.
import { createHash } from 'node:crypto'
import { type Bytes, type CidLink, toBytes } from '@atcute/cbor'

/** A key, `collection/rkey`, and the record's block. */
export type Leaf = { key: string; value: CidLink }

type Node = { l: CidLink | null; e: { p: number; k: Bytes; v: CidLink; t: CidLink | null }[] }

/**
 * Builds the tree of `leaves` and stores its nodes by `add`, each after those below it.
 * @returns the root's link
 */
export async function buildTree(
  leaves: readonly Leaf[],
  add: (node: Node) => Promise<CidLink>,
): Promise<CidLink> {
  const placed = leaves
    .map((leaf) => ({ ...leaf, layer: layerOf(leaf.key) }))
    .sort((a, b) => (a.key < b.key ? -1 : 1))
  const top = placed.reduce((highest, { layer }) => Math.max(highest, layer), 0)

  /** Builds the node of `layer` over some neighbouring leaves; `null` where there are none. */
  const build = async (below: typeof placed, layer: number): Promise<CidLink | null> => {
    if (below.length === 0) return null
    const node: Node = { l: null, e: [] }
    let begin = 0
    let before = ''
    for (let at = 0; at <= below.length; at++) {
      const leaf = below[at]
      if (leaf !== undefined && leaf.layer < layer) continue
      const subtree = await build(below.slice(begin, at), layer - 1)
      const last = node.e.at(-1)
      if (last === undefined) node.l = subtree
      else last.t = subtree
      if (leaf === undefined) break
      const shared = sharedLength(before, leaf.key)
      const rest = toBytes(Buffer.from(leaf.key.slice(shared)))
      node.e.push({ p: shared, k: rest, v: leaf.value, t: null })
      before = leaf.key
      begin = at + 1
    }
    return add(node)
  }
  // A repository without records is a tree of one empty node.
  return (await build(placed, top)) ?? add({ l: null, e: [] })
}

/** How high in the tree a key stands: the number of leading zeros of its hash, in pairs of bits. */
function layerOf(key: string): number {
  const hash = createHash('sha256').update(key).digest()
  const first = hash.findIndex((byte) => byte !== 0)
  return first * 4 + Math.floor((Math.clz32(hash[first] ?? 0) - 24) / 2)
}

function sharedLength(a: string, b: string): number {
  let length = 0
  while (length < a.length && a[length] === b[length]) length++
  return length
}
