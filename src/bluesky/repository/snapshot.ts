import { type Did, isNsid, isRecordKey, type Tid } from '@atcute/lexicons/syntax'
import { type CarBlock, CarReader } from './car.ts'
import { type CidKey, keyOf } from './cid-key.ts'
import { type Commit, readCommit } from './commit.ts'
import type { RepositoryLimits } from './limits.ts'
import { PathList } from './path-list.ts'
import { malformed, RepositoryError, tooLarge } from './repository-error.ts'
import { TreeWalk } from './tree.ts'

/** The paths of the records in the requested collections at revision `rev`. */
export type Snapshot = { rev: Tid; paths: PathList }

export type SnapshotOptions = {
  did: Did
  collections: ReadonlySet<string>
  limits: RepositoryLimits
}

/**
 * Lists the records of a repository from its CAR file, as it arrives. Ends at the last node of the tree, without waiting
 * for the records behind it.
 * @throws {RepositoryError}
 */
export async function readSnapshot(
  chunks: AsyncIterable<Uint8Array> | Iterable<Uint8Array>,
  options: SnapshotOptions,
): Promise<Snapshot> {
  const reading = new SnapshotReading(options)
  for await (const chunk of chunks) {
    const found = readingOf(() => reading.push(chunk))
    if (found !== undefined) return found
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
  readonly #paths: string[] = []
  #pathBytes = 0
  #commit: Commit | undefined

  constructor(options: SnapshotOptions) {
    this.#options = options
    this.#car = new CarReader(options.limits)
    this.#tree = new TreeWalk(options.limits, (path) => this.#note(path))
  }

  push(chunk: Uint8Array): Snapshot | undefined {
    for (const block of this.#car.push(chunk)) {
      this.#take(block)
      if (this.#commit !== undefined && this.#tree.isWhole) {
        return { rev: this.#commit.rev, paths: PathList.of(this.#paths) }
      }
    }
    return undefined
  }

  end(): never {
    this.#car.end()
    const missing = this.#commit === undefined ? 'its commit' : 'a part of its tree'
    throw new RepositoryError('incomplete', `the repository lacks ${missing}`)
  }

  #take({ cid, bytes }: CarBlock): void {
    if (this.#commit === undefined && this.#car.root?.equals(cid) === true) {
      this.#commit = readCommit(keyOf(cid) as CidKey, bytes, this.#options.did)
      this.#tree.begin(this.#commit.tree)
    } else {
      this.#tree.offer(cid, bytes)
    }
  }

  #note(path: string): void {
    const slash = path.indexOf('/')
    const collection = path.slice(0, slash)
    if (!this.#options.collections.has(collection)) return
    if (!isNsid(collection) || !isRecordKey(path.slice(slash + 1))) return
    this.#pathBytes += path.length
    const { maxPathBytes } = this.#options.limits
    if (this.#pathBytes > maxPathBytes) throw tooLarge(`more than ${maxPathBytes} bytes of names`)
    this.#paths.push(path)
  }
}
