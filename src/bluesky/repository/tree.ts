import { decode, fromBytes } from '@atcute/cbor'
import type { CidLink } from '@atcute/cid'
import { isMstKey, isNodeData, type NodeData } from '@atcute/mst'
import { type CidKey, isKeyOf, keyOf, keyOfLink } from './cid-key.ts'
import type { RepositoryLimits } from './limits.ts'
import { malformed, tooLarge } from './repository-error.ts'

export type TreeLimits = Pick<RepositoryLimits, 'maxNodeBytes' | 'maxCachedBytes' | 'maxDepth' | 'maxRecords'>

/** Called for each record, in no particular order; `path` is `collection/rkey`. */
export type OnRecord = (path: string, record: CidLink) => void

/** The place of a node in the tree: all its keys, and those below it, lie between `after` and `before`. */
type Place = { after: string; before: string; depth: number }

/** Memory of a cached node or place besides its bytes: a map entry, a key, an object or two. */
const OVERHEAD_BYTES = 256

/** Sorts after every key: keys have no character above `~`. */
const LAST = '\x7f'

/** The first bytes of a node: a CBOR map of two entries, the first named `e`. */
const NODE_START = [0xa2, 0x61, 0x65] as const

const MAX_NODE_ENTRIES = 8_192

/**
 * Walks a Merkle search tree while its nodes arrive in any order. Servers send blocks in the order of their database, so a
 * node may arrive long before its parent: those are cached, within `maxCachedBytes`; all other blocks are dropped at once.
 * Each node must match its hash, and its keys must lie between those of its neighbours, so no node occurs twice and there
 * are no cycles.
 */
export class TreeWalk {
  readonly #limits: TreeLimits
  readonly #onRecord: OnRecord
  /** Nodes that a parent has named, and that have not arrived. */
  readonly #wanted = new Map<CidKey, Place>()
  /** Nodes that have arrived before their parent. */
  readonly #strays = new Map<CidKey, Buffer>()
  /** Nodes that have arrived and are named, and are to be visited next. */
  readonly #arrived: [CidKey, Buffer][] = []
  #begun = false
  #cachedBytes = 0
  #records = 0

  constructor(limits: TreeLimits, onRecord: OnRecord) {
    this.#limits = limits
    this.#onRecord = onRecord
  }

  /** True once every node has arrived. */
  get isWhole(): boolean {
    return this.#begun && this.#wanted.size === 0
  }

  /** A block that has the form of a node, and that no node has named. */
  stray(key: CidKey): Buffer | undefined {
    return this.#strays.get(key)
  }

  /** Begins at the root that the commit names. @throws {RepositoryError} */
  begin(root: CidLink): void {
    this.#begun = true
    this.#want(root, { after: '', before: LAST, depth: 1 })
    this.#walk()
  }

  /**
   * Takes any block of the file; copies it if it has to be cached.
   * @returns whether it is a node, or may be one
   * @throws {RepositoryError}
   */
  offer(cid: Uint8Array, bytes: Buffer): boolean {
    const key = keyOf(cid)
    if (key === undefined) return false
    if (this.#wanted.has(key)) {
      this.#arrived.push([key, bytes])
      this.#walk()
      return true
    }
    const [map, text, e] = NODE_START
    if (bytes[0] !== map || bytes[1] !== text || bytes[2] !== e || bytes.length > this.#limits.maxNodeBytes)
      return false
    if (this.#strays.has(key)) return true
    this.#reserve(bytes.length)
    this.#strays.set(key, Buffer.from(bytes))
    return true
  }

  /** Visits the nodes that have arrived, and their cached children. */
  #walk(): void {
    for (let next = this.#arrived.pop(); next !== undefined; next = this.#arrived.pop()) {
      const [key, bytes] = next
      const place = this.#wanted.get(key)
      if (place === undefined) continue
      this.#wanted.delete(key)
      this.#cachedBytes -= OVERHEAD_BYTES
      this.#visit(key, bytes, place)
    }
  }

  #visit(key: CidKey, bytes: Buffer, place: Place): void {
    if (!isKeyOf(key, bytes)) throw malformed('a node is not what its hash says')
    if (bytes.length > this.#limits.maxNodeBytes) throw tooLarge(`a node has ${bytes.length} bytes`)
    const node = decodeNode(bytes)
    const isEmpty = node.e.length === 0 && node.l === null
    if (isEmpty && place.depth > 1) throw malformed('a node below the root is empty')
    this.#records += node.e.length
    if (this.#records > this.#limits.maxRecords)
      throw tooLarge(`more than ${this.#limits.maxRecords} records`)

    const paths = pathsOf(node)
    let after = place.after
    for (const path of [...paths, place.before]) {
      if (path <= after) throw malformed('its keys are not in order')
      after = path
    }
    const depth = place.depth + 1
    if (node.l !== null) this.#want(node.l, { after: place.after, before: paths[0] ?? place.before, depth })
    for (const [index, { t, v }] of node.e.entries()) {
      const path = paths[index] as string
      this.#onRecord(path, v)
      if (t !== null) this.#want(t, { after: path, before: paths[index + 1] ?? place.before, depth })
    }
  }

  #want(link: CidLink, place: Place): void {
    if (place.depth > this.#limits.maxDepth) throw tooLarge(`more than ${this.#limits.maxDepth} levels`)
    const key = keyOfLink(link)
    if (key === undefined) throw malformed('a CID in the tree is not that of a node')
    if (this.#wanted.has(key)) throw malformed('a node is named twice')
    this.#reserve(0)
    this.#wanted.set(key, place)
    const stray = this.#strays.get(key)
    if (stray === undefined) return
    this.#strays.delete(key)
    this.#cachedBytes -= stray.length + OVERHEAD_BYTES
    this.#arrived.push([key, stray])
  }

  #reserve(bytes: number): void {
    this.#cachedBytes += bytes + OVERHEAD_BYTES
    if (this.#cachedBytes > this.#limits.maxCachedBytes) {
      throw tooLarge(
        `more than ${this.#limits.maxCachedBytes} bytes of nodes that arrived before their parents`,
      )
    }
  }
}

function decodeNode(bytes: Buffer): NodeData {
  let node: unknown
  try {
    node = decode(bytes)
  } catch (error) {
    throw malformed('a node cannot be read', error)
  }
  if (!isNodeData(node)) throw malformed('a node does not have the form of one')
  if (node.e.length > MAX_NODE_ENTRIES) throw tooLarge(`a node has ${node.e.length} entries`)
  return node
}

/** The full keys of a node, which stores each one without the prefix that it shares with the key before. */
function pathsOf({ e }: NodeData): string[] {
  let path = ''
  return e.map(({ p, k }) => {
    if (!Number.isInteger(p) || p < 0 || p > path.length) throw malformed('a key continues none')
    // latin1 maps bytes to characters one to one; `isMstKey` then requires ASCII, and at most 1,024 of them.
    path = path.slice(0, p) + Buffer.from(fromBytes(k)).toString('latin1')
    if (!isMstKey(path)) throw malformed('a key is not valid')
    return path
  })
}
