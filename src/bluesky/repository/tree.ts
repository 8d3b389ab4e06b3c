import { decode, fromBytes } from '@atcute/cbor'
import type { CidLink } from '@atcute/cid'
import { isMstKey, isNodeData, type NodeData } from '@atcute/mst'
import { type CidKey, isKeyOf, keyOf, keyOfLink } from './cid-key.ts'
import type { RepositoryLimits } from './limits.ts'
import { malformed, tooLarge } from './repository-error.ts'

export type TreeLimits = Pick<RepositoryLimits, 'maxNodeBytes' | 'maxHeldBytes' | 'maxDepth' | 'maxRecords'>

/** Told of each record; `path` is `collection/rkey`, in no particular order. */
export type OnRecord = (path: string, record: CidLink) => void

/** Where in the tree a node belongs: its keys, and all below it, are between `after` and `before`. */
type Place = { after: string; before: string; depth: number }

/** What holding a node or a place costs beside its bytes: an entry in a map, a key, an object or two. */
const OVERHEAD_BYTES = 256

/** Behind every key: none has a character above `~`. */
const LAST = '\x7f'

/** How the bytes of a node begin: a map of two, the first named `e`. */
const NODE_START = [0xa2, 0x61, 0x65] as const

const MAX_NODE_ENTRIES = 8_192

/**
 * Walks a repository's tree (a Merkle search tree) while its nodes arrive, in any order. Servers send them in the order of
 * their database, so a node may come long before the one that names it: such are kept, within `maxHeldBytes`. Everything
 * else is let go of at once. Each node is held to its hash, and to its place between its neighbours' keys; so no node comes
 * twice, nor can nodes name each other in a circle.
 */
export class TreeWalk {
  readonly #limits: TreeLimits
  readonly #onRecord: OnRecord
  /** Nodes that have been named and have not come. */
  readonly #wanted = new Map<CidKey, Place>()
  /** Nodes that have come and have not been named. */
  readonly #strays = new Map<CidKey, Buffer>()
  /** Nodes that have been named and have come, and are about to be visited. */
  readonly #arrived: [CidKey, Buffer][] = []
  #begun = false
  #heldBytes = 0
  #records = 0

  constructor(limits: TreeLimits, onRecord: OnRecord) {
    this.#limits = limits
    this.#onRecord = onRecord
  }

  /** True once every node has come. */
  get isWhole(): boolean {
    return this.#begun && this.#wanted.size === 0
  }

  /** Tells where the tree begins. @throws {RepositoryError} */
  begin(root: CidLink): void {
    this.#begun = true
    this.#want(root, { after: '', before: LAST, depth: 1 })
    this.#walk()
  }

  /** Takes a block, which may be anything; copies what it keeps. @throws {RepositoryError} */
  offer(cid: Uint8Array, bytes: Buffer): void {
    const key = keyOf(cid)
    if (key === undefined) return
    if (this.#wanted.has(key)) {
      this.#arrived.push([key, bytes])
      this.#walk()
      return
    }
    const [map, text, e] = NODE_START
    if (bytes[0] !== map || bytes[1] !== text || bytes[2] !== e || bytes.length > this.#limits.maxNodeBytes)
      return
    if (this.#strays.has(key)) return
    this.#hold(bytes.length)
    this.#strays.set(key, Buffer.from(bytes))
  }

  /** Visits what has arrived, and what that names and was here before. */
  #walk(): void {
    for (let next = this.#arrived.pop(); next !== undefined; next = this.#arrived.pop()) {
      const [key, bytes] = next
      const place = this.#wanted.get(key)
      if (place === undefined) continue
      this.#wanted.delete(key)
      this.#heldBytes -= OVERHEAD_BYTES
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
      if (path <= after) throw malformed('its names are not in order')
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
    if (key === undefined) throw malformed('a node is no node by its name')
    if (this.#wanted.has(key)) throw malformed('a node is named twice')
    this.#hold(0)
    this.#wanted.set(key, place)
    const stray = this.#strays.get(key)
    if (stray === undefined) return
    this.#strays.delete(key)
    this.#heldBytes -= stray.length + OVERHEAD_BYTES
    this.#arrived.push([key, stray])
  }

  #hold(bytes: number): void {
    this.#heldBytes += bytes + OVERHEAD_BYTES
    if (this.#heldBytes > this.#limits.maxHeldBytes) {
      throw tooLarge(`more than ${this.#limits.maxHeldBytes} bytes of nodes before those that name them`)
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
  if (!isNodeData(node)) throw malformed('a node is none')
  if (node.e.length > MAX_NODE_ENTRIES) throw tooLarge(`a node has ${node.e.length} entries`)
  return node
}

/** The full names in a node, each of which is stored as what it has more than the one before. */
function pathsOf({ e }: NodeData): string[] {
  let path = ''
  return e.map(({ p, k }) => {
    if (!Number.isInteger(p) || p < 0 || p > path.length) throw malformed('a name continues none')
    // Bytes one to one: names are ASCII, which `isMstKey` sees to, and no longer than 1,024.
    path = path.slice(0, p) + Buffer.from(fromBytes(k)).toString('latin1')
    if (!isMstKey(path)) throw malformed('a name is none')
    return path
  })
}
