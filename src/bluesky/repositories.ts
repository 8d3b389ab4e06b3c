import type { Did, Nsid } from '@atcute/lexicons/syntax'
import { findPds, isLocalDirectory } from './identity.ts'
import { type RepositoryLimits, SNAPSHOT_LIMITS } from './repository/limits.ts'
import { RepositoryError } from './repository/repository-error.ts'
import type { Snapshot } from './repository/snapshot.ts'
import { readInThread } from './repository/worker.ts'

export type Repositories = {
  /**
   * The server on which the repository of `did` is.
   * @throws {RequestError}
   */
  find(did: Did, signal: AbortSignal): Promise<URL>
  /**
   * The records of `did` in `collections`, as `pds` has them; `undefined` while the server gives the repository to nobody,
   * because the account is not active.
   * @throws {RequestError}
   */
  snapshot(
    did: Did,
    options: { pds: URL; collections: ReadonlySet<Nsid>; signal: AbortSignal },
  ): Promise<Snapshot | undefined>
}

export type RepositoriesOptions = {
  /** The directory of DIDs. */
  plcUrl: string
  /** Told how many bytes came over the wire for each repository. */
  received: (bytes: number) => void
  limits?: RepositoryLimits
  /** Most megabytes of heap for the thread of one repository. */
  maxHeapMb?: number
}

/**
 * The limits leave a thread far below this heap; a file that finds a way around them ends its own thread and no other. What
 * is outside of the heap, such as nodes that are kept, the limits count.
 */
const MAX_HEAP_MB = 512

const INACTIVE: ReadonlySet<string | undefined> = new Set([
  'RepoDeactivated',
  'RepoTakendown',
  'RepoSuspended',
])

/** Fetches repositories from where their people keep them. */
export function openRepositories({
  plcUrl,
  received,
  limits = SNAPSHOT_LIMITS,
  maxHeapMb = MAX_HEAP_MB,
}: RepositoriesOptions): Repositories {
  const trusted = isLocalDirectory(plcUrl)
  return {
    find: (did, signal) => findPds(did, { plcUrl, signal }),
    snapshot: async (did, { pds, collections, signal }) => {
      try {
        const job = { pds: pds.href, trusted, did, collections, limits }
        return await readInThread({ ...job, signal, received, maxHeapMb })
      } catch (error) {
        if (error instanceof RepositoryError && INACTIVE.has(error.error)) return undefined
        throw error
      }
    },
  }
}
