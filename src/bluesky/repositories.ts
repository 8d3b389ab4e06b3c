import { fromUint8Array as readCar } from '@atcute/car'
import { decode } from '@atcute/cbor'
import { toString as cidText } from '@atcute/cid'
import { type Did, isNsid, isRecordKey, isTid, type Nsid, type Tid } from '@atcute/lexicons/syntax'
import { fromUint8Array as readRepository } from '@atcute/repo'
import { isObject } from '../atproto/json.ts'
import { pathOf, type RecordPath } from '../game/state.ts'
import { findPds } from './identity.ts'
import { fetchBytes, RequestError } from './request.ts'

/** What a repository held at revision `rev`. */
export type Snapshot = { rev: Tid; paths: Set<RecordPath> }

export type Repositories = {
  /**
   * The records of `did` in `collections`; `undefined` where the repository is gone.
   * @throws {RequestError}
   */
  snapshot(did: Did, collections: ReadonlySet<Nsid>, signal: AbortSignal): Promise<Snapshot | undefined>
}

/** The heaviest accounts have some hundred thousand records; theirs fit. */
const LIMITS = { timeoutMs: 120_000, mostBytes: 256 * 2 ** 20 }

const GONE: ReadonlySet<string | undefined> = new Set([
  'RepoNotFound',
  'RepoDeactivated',
  'RepoTakendown',
  'RepoSuspended',
])

/** Fetches repositories from where their people keep them. */
export function openRepositories({ plcUrl }: { plcUrl: string }): Repositories {
  return {
    snapshot: async (did, collections, signal) => {
      const pds = await findPds(did, plcUrl, signal)
      const url = `${pds}/xrpc/com.atproto.sync.getRepo?did=${encodeURIComponent(did)}`
      try {
        return readSnapshot(await fetchBytes(url, { ...LIMITS, signal }), collections)
      } catch (error) {
        if (error instanceof RequestError && GONE.has(error.error)) return undefined
        throw error
      }
    },
  }
}

/**
 * Reads a repository's CAR file.
 * @throws {RequestError} where it is not one
 */
export function readSnapshot(car: Uint8Array, collections: ReadonlySet<Nsid>): Snapshot {
  try {
    const paths = new Set<RecordPath>()
    let last = ''
    for (const { collection, rkey } of readRepository(car)) {
      const path = `${collection}/${rkey}`
      // A few nodes that name each other twice make a tree that nobody comes to the end of.
      if (path <= last) throw new RequestError('the repository is not in order')
      last = path
      if (isNsid(collection) && isRecordKey(rkey) && collections.has(collection))
        paths.add(pathOf({ collection, rkey }))
    }
    return { rev: revisionOf(car), paths }
  } catch (error) {
    if (error instanceof RequestError) throw error
    throw new RequestError('the repository is not a CAR file that can be read', { cause: error })
  }
}

function revisionOf(car: Uint8Array): Tid {
  const reader = readCar(car)
  const root = reader.roots[0]?.$link
  for (const { cid, bytes } of reader) {
    if (cidText(cid) !== root) continue
    const commit: unknown = decode(bytes)
    if (isObject(commit) && isTid(commit.rev)) return commit.rev
    break
  }
  throw new RequestError('the repository has no commit that can be read')
}
