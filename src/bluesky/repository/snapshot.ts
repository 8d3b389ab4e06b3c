import type { CidLink } from '@atcute/cid'
import { type Did, isNsid, isRecordKey, type Tid } from '@atcute/lexicons/syntax'
import { PROFILE } from '../../atproto/profile.ts'
import type { RecordPath } from '../../game/state.ts'
import type { Day } from '../../game/time.ts'
import type { SigningKey } from '../identity.ts'
import { type CarBlock, CarReader } from './car.ts'
import { type CidKey, cidOf, keyOf } from './cid-key.ts'
import { assertSigned, type Commit, readCommit } from './commit.ts'
import type { RepositoryLimits } from './limits.ts'
import { PathList } from './path-list.ts'
import { type OwnProfile, RecordBlocks } from './record-blocks.ts'
import type { RecordList } from './record-list.ts'
import { malformed, RepositoryError, tooLarge } from './repository-error.ts'
import { TreeWalk } from './tree.ts'

/** The records in the requested collections at revision `rev`. */
export type Snapshot = {
  rev: Tid
  paths: PathList
  /** What the records are; `undefined` where only their paths were asked for. */
  records: RecordList | undefined
  /** What their profile says; `undefined` where they have none, or only paths were asked for. */
  profile: OwnProfile | undefined
}

export type SnapshotOptions = {
  did: Did
  /** The key that signs the repository. */
  key: SigningKey
  collections: ReadonlySet<string>
  /** Whether to read the records, too, and on which day (see `claimedDay`). `undefined`: only their paths. */
  records: { today: Day } | undefined
  limits: RepositoryLimits
}

/**
 * Reads a repository from its CAR file, as it arrives: checks the signature of its commit, and the hash of each block that
 * it uses. Ends as soon as it has all; for paths alone that is the last node of the tree, without the records behind it.
 * @throws {RepositoryError}
 */
export async function readSnapshot(
  chunks: AsyncIterable<Uint8Array> | Iterable<Uint8Array>,
  options: SnapshotOptions,
): Promise<Snapshot> {
  const reading = new SnapshotReading(options)
  for await (const chunk of chunks) {
    const isWhole = readingOf(() => reading.push(chunk))
    await reading.assertSigned()
    if (isWhole) return reading.result()
  }
  return reading.end()
}

/** Turns errors of the libraries, which throw any kind, into a `RepositoryError`. */
function readingOf<Result>(read: () => Result): Result {
  try {
    return read()
  } catch (error) {
    throw error instanceof RepositoryError ? error : malformed(String(error), error)
  }
}

class SnapshotReading {
  readonly #options: SnapshotOptions
  readonly #car: CarReader
  readonly #tree: TreeWalk
  readonly #records: RecordBlocks | undefined
  readonly #paths: string[] = []
  #pathBytes = 0
  #commit: Commit | undefined
  #isSigned = false

  constructor(options: SnapshotOptions) {
    this.#options = options
    this.#car = new CarReader(options.limits)
    const { collections, limits, records } = options
    this.#records = records && new RecordBlocks({ collections, limits, ...records })
    this.#tree = new TreeWalk(limits, (path, record) => this.#note(path, record))
  }

  /** @returns whether that was all of it */
  push(chunk: Uint8Array): boolean {
    for (const block of this.#car.push(chunk)) {
      this.#take(block)
      if (this.#commit !== undefined && this.#tree.isWhole && this.#hasRecords()) return true
    }
    return false
  }

  async assertSigned(): Promise<void> {
    if (this.#commit === undefined || this.#isSigned) return
    await assertSigned(this.#commit, this.#options.key)
    this.#isSigned = true
  }

  result(): Snapshot {
    const { rev } = this.#commit as Commit
    return {
      rev,
      paths: PathList.of(this.#paths),
      records: this.#records?.list(),
      profile: this.#records?.profile(),
    }
  }

  end(): never {
    this.#car.end()
    const missing =
      this.#commit === undefined ? 'its commit' : this.#tree.isWhole ? 'some records' : 'a part of its tree'
    throw new RepositoryError('incomplete', `the repository lacks ${missing}`)
  }

  /** Nearly always all records have come or one has not; a record that looks like a node is among the strays of the tree. */
  #hasRecords(): boolean {
    const records = this.#records
    if (records === undefined) return true
    for (const key of records.missing) {
      const bytes = this.#tree.stray(key)
      if (bytes === undefined) return false
      records.offer(cidOf(key), bytes)
    }
    return true
  }

  #take({ cid, bytes }: CarBlock): void {
    if (this.#commit === undefined && this.#car.root?.equals(cid) === true) {
      this.#commit = readCommit(keyOf(cid) as CidKey, bytes)
      if (this.#commit.did !== this.#options.did) throw malformed("it is somebody else's")
      this.#tree.begin(this.#commit.tree)
    } else if (!this.#tree.offer(cid, bytes)) {
      this.#records?.offer(cid, bytes)
    }
  }

  #note(path: string, record: CidLink): void {
    if (path === `${PROFILE}/self`) this.#records?.nameProfile(record)
    const slash = path.indexOf('/')
    const collection = path.slice(0, slash)
    if (!this.#options.collections.has(collection)) return
    if (!isNsid(collection) || !isRecordKey(path.slice(slash + 1))) return
    this.#pathBytes += path.length
    const { maxPathBytes } = this.#options.limits
    if (this.#pathBytes > maxPathBytes) throw tooLarge(`more than ${maxPathBytes} bytes of names`)
    this.#paths.push(path)
    this.#records?.name(path as RecordPath, record)
  }
}
