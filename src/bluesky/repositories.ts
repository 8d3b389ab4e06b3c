import type { Did, Nsid, Tid } from '@atcute/lexicons/syntax'
import type { Day } from '../game/time.ts'
import { findIdentity, type Identity } from './identity.ts'
import { fetchLatestRev } from './latest-rev.ts'
import { isOnThisMachine } from './public-address.ts'
import { type RepositoryLimits, SNAPSHOT_LIMITS } from './repository/limits.ts'
import type { Snapshot } from './repository/snapshot.ts'
import { readInThread } from './repository/worker.ts'
import { RequestError } from './request.ts'

export type Repositories = {
  /**
   * Where the repository of `did` is, and the key that signs it.
   * @throws {RequestError}
   */
  find(did: Did, signal: AbortSignal): Promise<Identity>
  /**
   * The newest revision of the repository of `did`, which costs their server next to nothing; `undefined` if the server withholds
   * it because the account is not active.
   * @throws {RequestError}
   */
  latestRev(did: Did, options: { pds: URL; signal: AbortSignal }): Promise<Tid | undefined>
  /**
   * Reads the repository of `did` from their server; `undefined` if the server withholds it because the account is not active.
   * @throws {RequestError}
   */
  snapshot(did: Did, options: ReadOptions & { pds: URL }): Promise<Snapshot | undefined>
}

/** What to read of a repository; see `SnapshotOptions`. */
type ReadOptions = Pick<Identity, 'key'> & {
  collections: ReadonlySet<Nsid>
  records: { today: Day } | undefined
  signal: AbortSignal
}

export type RepositoriesOptions = {
  /** The PLC directory. */
  plcUrl: string
  /** Called with the bytes received over the network for each repository. */
  received: (bytes: number) => void
  /** CAR files to read in place of what servers have, by their owners. */
  files?: ReadonlyMap<Did, string>
  limits?: RepositoryLimits
  /** Maximum heap of the thread of one repository, in megabytes. */
  maxHeapMb?: number
}

/**
 * With the limits a thread stays far below this; a file that gets around them crashes only its own thread. Memory outside
 * of the heap, such as cached nodes, is bounded by the limits.
 */
const MAX_HEAP_MB = 512

const INACTIVE: ReadonlySet<string | undefined> = new Set([
  'RepoDeactivated',
  'RepoTakendown',
  'RepoSuspended',
])

/** Fetches repositories from the servers of their owners. */
export function openRepositories({
  plcUrl,
  received,
  files,
  limits = SNAPSHOT_LIMITS,
  maxHeapMb = MAX_HEAP_MB,
}: RepositoriesOptions): Repositories {
  const trusted = isOnThisMachine(plcUrl)
  return {
    find: (did, signal) => findIdentity(did, { plcUrl, signal }),
    latestRev: (did, { pds, signal }) => unlessInactive(fetchLatestRev(did, { pds, trusted, signal })),
    snapshot: (did, { pds, ...wanted }) => {
      const file = files?.get(did)
      const from = file === undefined ? { pds: pds.href, trusted } : { file }
      return unlessInactive(readInThread({ from, did, ...wanted, limits, received, maxHeapMb }))
    },
  }
}

async function unlessInactive<Result>(answer: Promise<Result>): Promise<Result | undefined> {
  try {
    return await answer
  } catch (error) {
    if (error instanceof RequestError && INACTIVE.has(error.error)) return undefined
    throw error
  }
}
