import { decode } from '@atcute/cbor'
import type { CidLink } from '@atcute/cid'
import type { Nsid } from '@atcute/lexicons/syntax'
import { isObject } from '../../atproto/json.ts'
import { hidesItself, PROFILE } from '../../atproto/profile.ts'
import type { RecordId } from '../../atproto/uri.ts'
import { claimedDay, dayNamed } from '../../game/days.ts'
import { NO_CHANGES, rulebook } from '../../game/rulebook.ts'
import type { Facts } from '../../game/rules/rule.ts'
import type { RecordPath } from '../../game/state.ts'
import type { Day } from '../../game/time.ts'
import { type CidKey, isKeyOf, keyOf, keyOfLink } from './cid-key.ts'
import type { RepositoryLimits } from './limits.ts'
import { collectionOf, type ReadRecord, RecordList } from './record-list.ts'
import { malformed, tooLarge } from './repository-error.ts'

/** What is kept of a block: its facts in the collection of its `$type`, or in each where it has none. */
type Assessed = {
  facts: ReadonlyMap<string, Facts | undefined>
  named: Day | undefined
  /** Of a profile: whether its owner asks not to be shown without sign-in. */
  hides: boolean
}

/** A record of a collection that was not asked for. */
const OTHER: Assessed = { facts: new Map(), named: undefined, hides: false }
/** The same, of a profile that hides its owner. */
const HIDING: Assessed = { ...OTHER, hides: true }
/** A block that is no record. */
const NOTHING: Assessed = { ...OTHER }

/** Memory of a kept block: a map entry, its key, and the object where it is not shared... */
const BLOCK_BYTES = 160
/** ...and of the URI of its subject, per character. */
const CHARACTER_BYTES = 2

/** Only the points and caps of rules can be changed, and neither says what is read out of a record. */
const { assess } = rulebook(NO_CHANGES)

/** What a person's own profile record says about showing them. */
export type OwnProfile = { optedOut: boolean }

export type RecordBlocksOptions = {
  collections: ReadonlySet<string>
  limits: Pick<RepositoryLimits, 'maxRecordBytes'>
  /** The day on which the repository is read; see `claimedDay`. */
  today: Day
}

/**
 * Reads the records of a repository while its blocks arrive in any order: a record may come long before the node that names
 * it, so each block is assessed at once, by its `$type`, and only that is kept. A record whose `$type` is not the collection
 * in which it lies is unreadable, as it is in the stream. Identical records are one block.
 */
export class RecordBlocks {
  readonly #collections: ReadonlySet<string>
  readonly #maxBytes: number
  readonly #today: Day
  /** Blocks that have arrived. */
  readonly #arrived = new Map<CidKey, Assessed>()
  /** Blocks that the tree has named and that have not arrived. */
  readonly #wanted = new Set<CidKey>()
  /** Each record that the tree has named; `undefined` where its CID is not that of a record. */
  readonly #named: [path: RecordPath, key: CidKey | undefined][] = []
  /** Most blocks are likes and posts of some day: one object for all alike. */
  readonly #shared = new Map<string, Assessed>()
  #profile: CidKey | undefined
  #bytes = 0

  constructor({ collections, limits, today }: RecordBlocksOptions) {
    this.#collections = collections
    this.#maxBytes = limits.maxRecordBytes
    this.#today = today
  }

  /** Named records whose blocks have not arrived. */
  get missing(): ReadonlySet<CidKey> {
    return this.#wanted
  }

  /** The tree has this record. @throws {RepositoryError} */
  name(path: RecordPath, record: CidLink): void {
    const key = keyOfLink(record)
    this.#named.push([path, key])
    if (key === undefined || this.#arrived.has(key) || this.#wanted.has(key)) return
    this.#reserve(BLOCK_BYTES)
    this.#wanted.add(key)
  }

  /** Takes any block but the nodes of the tree. @throws {RepositoryError} */
  offer(cid: Uint8Array, bytes: Buffer): void {
    const key = keyOf(cid)
    if (key === undefined || this.#arrived.has(key)) return
    if (!isKeyOf(key, bytes)) throw malformed('a record is not what its hash says')
    const assessed = this.#assess(bytes)
    const subject = subjectOf(assessed)
    const subjectBytes = subject === undefined ? 0 : subject.did.length + subject.rkey.length
    this.#reserve(BLOCK_BYTES + CHARACTER_BYTES * subjectBytes)
    if (this.#wanted.delete(key)) this.#bytes -= BLOCK_BYTES
    this.#arrived.set(key, assessed)
  }

  /** The person's own profile is this record. @throws {RepositoryError} */
  nameProfile(record: CidLink): void {
    this.#profile = keyOfLink(record)
    if (this.#profile === undefined || this.#arrived.has(this.#profile)) return
    this.#reserve(BLOCK_BYTES)
    this.#wanted.add(this.#profile)
  }

  /** What the profile says, once no record is missing; `undefined` where there is none. */
  profile(): OwnProfile | undefined {
    if (this.#profile === undefined) return undefined
    return { optedOut: this.#arrived.get(this.#profile)?.hides ?? false }
  }

  /** All records, once none is missing: oldest key first, so that a ledger shows them in that order. */
  list(): RecordList {
    const keyed = this.#named.map(([path, key]) => ({ path, key, rkey: path.slice(path.indexOf('/') + 1) }))
    keyed.sort((a, b) => compare(a.rkey, b.rkey) || compare(a.path, b.path))
    return RecordList.of(keyed.values().map(({ path, key, rkey }) => this.#record(path, rkey, key)))
  }

  #record(path: RecordPath, rkey: string, key: CidKey | undefined): ReadRecord {
    const assessed = (key === undefined ? undefined : this.#arrived.get(key)) ?? NOTHING
    const claimed = claimedDay(rkey, assessed.named, this.#today)
    return { path, claimed, facts: factsIn(collectionOf(path), assessed) }
  }

  #assess(bytes: Buffer): Assessed {
    let record: unknown
    try {
      record = decode(bytes)
    } catch {
      // Its hash is right, so this is what its owner has signed.
      return NOTHING
    }
    if (!isObject(record)) return NOTHING
    const { $type: type } = record
    if (type === PROFILE && hidesItself(record)) return HIDING
    const types =
      typeof type === 'string' ? [type].filter((one) => this.#collections.has(one)) : this.#collections
    const assessed = {
      facts: new Map([...types].map((one) => [one, assess(one as Nsid, record)])),
      named: dayNamed(record.createdAt),
      hides: false,
    }
    if (assessed.facts.size === 0) return OTHER
    if (subjectOf(assessed) !== undefined) return assessed
    const same = JSON.stringify([...assessed.facts, assessed.named])
    return this.#shared.getOrInsertComputed(same, () => assessed)
  }

  #reserve(bytes: number): void {
    this.#bytes += bytes
    if (this.#bytes > this.#maxBytes)
      throw tooLarge(`more than ${this.#maxBytes} bytes of what its records say`)
  }
}

function factsIn(collection: Nsid, assessed: Assessed): Facts | undefined {
  if (assessed === NOTHING) return undefined
  // Of another `$type` than its collection's.
  return assessed.facts.has(collection) ? assessed.facts.get(collection) : assess(collection, { $type: '' })
}

function subjectOf({ facts }: Assessed): RecordId | undefined {
  for (const found of facts.values()) if (found?.subject !== undefined) return found.subject
  return undefined
}

function compare(a: string, b: string): number {
  return a < b ? -1 : Number(a > b)
}
