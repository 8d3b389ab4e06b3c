import { createPrivateKey, hash, sign } from 'node:crypto'
import { encode, toBytes } from '@atcute/cbor'
import { type CidLink, CODEC_DCBOR, fromDigest, toCidLink } from '@atcute/cid'
import { P256PrivateKeyExportable, parsePublicMultikey } from '@atcute/crypto'
import type { Did, Tid } from '@atcute/lexicons/syntax'
import { createRaw } from '@atcute/tid'
import type { SigningKey } from '../../../src/bluesky/identity.ts'

export const OWNER: Did = 'did:plc:aaaaaaaaaaaaaaaaaaaaaaaa'
export const REV: Tid = '3kaaaaaaaaa2a'

const PAIR = await P256PrivateKeyExportable.importRaw(new Uint8Array(32).fill(7))
const PRIVATE_KEY = createPrivateKey({ format: 'jwk', key: await PAIR.exportPrivateKey('jwk') })
/** Half the order of the curve P-256: a signature's S is at most this. */
const MAX_S = 0xffffffff00000000ffffffffffffffffbce6faada7179e84f3b9cac2fc632551n >> 1n

const publicKeyMultibase = await PAIR.exportPublicKey('multikey')

/** The key that signs the repositories made here. */
export const KEY: SigningKey = parsePublicMultikey(publicKeyMultibase)

/** The list of a DID document that names `KEY`. */
export const VERIFICATION_METHOD = [
  { id: `${OWNER}#atproto`, type: 'Multikey', controller: OWNER, publicKeyMultibase },
]

/** A signature of `bytes` by `KEY`. Node's own may have either form of S, so it tries until one is low. */
export function signed(bytes: Uint8Array): Uint8Array {
  for (;;) {
    const signature = sign('sha256', bytes, { key: PRIVATE_KEY, dsaEncoding: 'ieee-p1363' })
    if (BigInt(`0x${signature.subarray(32).toString('hex')}`) <= MAX_S) return signature
  }
}

export type Block = { cid: Uint8Array; data: Uint8Array }

/** Blocks of a repository made by hand, and the CAR file of them. */
export class Blocks {
  readonly list: Block[] = []

  add(value: unknown): CidLink {
    return this.addBytes(encode(value))
  }

  /** Adds a block as it is, whether or not it is CBOR. */
  addBytes(data: Uint8Array): CidLink {
    const cid = fromDigest(CODEC_DCBOR, hash('sha256', data, 'buffer'))
    this.list.push({ cid: cid.bytes, data })
    return toCidLink(cid)
  }

  /** Adds the commit whose tree begins at `root`; the last block is it. */
  commit(root: CidLink, fields: object = {}): CidLink {
    const commit = { version: 3, did: OWNER, data: root, rev: REV, prev: null, ...fields }
    return this.add({ sig: toBytes(signed(encode(commit))), ...commit })
  }

  /** The file of a commit whose tree begins at `root`. */
  car(root: CidLink, fields: object = {}): Buffer {
    return carOf(this.commit(root, fields), this.list)
  }
}

/** An entry of a node whose key shares no prefix with the one before. */
export function keyed(key: string, value: CidLink, right: CidLink | null = null): object {
  return { k: toBytes(Buffer.from(key, 'latin1')), p: 0, t: right, v: value }
}

export function carOf(root: CidLink, blocks: Iterable<Block>): Buffer {
  const header = encode({ version: 1, roots: [root] })
  const parts: Uint8Array[] = [varint(header.length), header]
  for (const { cid, data } of blocks) parts.push(varint(cid.length + data.length), cid, data)
  return Buffer.concat(parts)
}

export function varint(value: number): Uint8Array {
  const bytes: number[] = []
  for (let rest = value; ; rest = Math.floor(rest / 128)) {
    if (rest < 128) return Uint8Array.of(...bytes, rest)
    bytes.push((rest % 128) | 128)
  }
}

export type MadeRepository = {
  commit: CidLink
  /** In the order of a walk: the commit, then each node before its records and the nodes below it. */
  blocks: Block[]
}

/** A correct repository of records at `paths`; `record` makes each one from its path, or its bytes. */
export function madeRepository(
  paths: readonly string[],
  record: (path: string) => unknown,
  fields: object = {},
): MadeRepository {
  const sorted = [...paths].sort()
  const heights = sorted.map(heightOf)
  const blocks: Block[] = []

  /** The node of `height` over the paths from `from` to `to`; `null` where there are none. */
  const build = (from: number, to: number, height: number): CidLink | null => {
    if (from >= to) return null
    // Its place is before everything below it, and what is below has to be made first.
    const place = blocks.push({ cid: new Uint8Array(), data: new Uint8Array() }) - 1
    const e: object[] = []
    let first = from
    while (first < to && heights[first] !== height) first++
    const l = build(from, first, height - 1)
    let before = ''
    for (let at = first; at < to; ) {
      let next = at + 1
      while (next < to && heights[next] !== height) next++
      const path = sorted[at] as string
      const added = new Blocks()
      const value = record(path)
      const v = value instanceof Uint8Array ? added.addBytes(value) : added.add(value)
      blocks.push(...added.list)
      const t = build(at + 1, next, height - 1)
      const p = sharedLength(before, path)
      e.push({ k: toBytes(Buffer.from(path.slice(p), 'latin1')), p, t, v })
      before = path
      at = next
    }
    const node = new Blocks()
    const link = node.add({ l, e })
    blocks[place] = node.list[0] as Block
    return link
  }

  const top = new Blocks()
  const tree = build(0, sorted.length, Math.max(0, ...new Set(heights))) ?? top.add({ l: null, e: [] })
  const commit = top.commit(tree, fields)
  return { commit, blocks: [...top.list.reverse(), ...blocks] }
}

/** Half the leading zeros of the path's hash. */
function heightOf(path: string): number {
  const digest = hash('sha256', path, 'buffer')
  const at = digest.findIndex((byte) => byte !== 0)
  return Math.floor((at * 8 + Math.clz32(digest[at] as number) - 24) / 2)
}

function sharedLength(a: string, b: string): number {
  let length = 0
  while (length < a.length && a[length] === b[length]) length++
  return length
}

export const POST = 'app.bsky.feed.post'
export const LIKE = 'app.bsky.feed.like'
export const BOTH: ReadonlySet<string> = new Set([POST, LIKE])

/** `count` paths as they are on the network: two of three are likes, and keys are times. */
export function pathsOf(count: number): string[] {
  return Array.from({ length: count }, (_, n) => {
    return `${n % 3 === 0 ? POST : LIKE}/${createRaw(1_700_000_000_000_000 + n * 61_000_000, n % 1024)}`
  })
}

/** A record of usual size. */
export function recordOf(path: string): object {
  const uri = `at://${OWNER}/${POST}/3kaaaaaaaaa2a`
  const cid = 'bafyreigm4jtzthx6nzuvkz6vimbz2kaqvtdkrfnfmbf4hsxh3aerkqxd6i'
  return { $type: LIKE, path, createdAt: '2024-01-01T00:00:00.000Z', subject: { cid, uri } }
}

/** `bytes` in pieces of `size`. */
export async function* piecesOf(bytes: Uint8Array, size = 65_536): AsyncGenerator<Uint8Array> {
  for (let at = 0; at < bytes.length; at += size) yield bytes.subarray(at, at + size)
}

/** The same blocks in an order that `seed` decides. */
export function shuffled<Item>(items: readonly Item[], seed: number): Item[] {
  const list = [...items]
  let state = seed
  for (let at = list.length - 1; at > 0; at--) {
    state = (Math.imul(state, 1_103_515_245) + 12_345) >>> 0
    const other = state % (at + 1)
    ;[list[at], list[other]] = [list[other] as Item, list[at] as Item]
  }
  return list
}
