import { isDid, isNsid } from '@atcute/lexicons/syntax'
import type { StreamEvent } from '../atproto/event.ts'

/** Which events one client wants. */
export type Filter = {
  wants(event: StreamEvent): boolean
  /** Larger frames are left out silently; 0 for no limit. */
  maxFrameBytes: number
}

/** Why a filter is refused, in words for the client. */
export type FilterProblem = { problem: string }

const MAX_COLLECTIONS = 100
const MAX_DIDS = 10_000

/** Checks the lists and makes a filter of them; empty lists let everything pass. */
export function filterOf(options: {
  collections: readonly string[]
  dids: readonly string[]
  kinds: readonly string[]
  maxFrameBytes: number
}): Filter | FilterProblem {
  const { kinds, maxFrameBytes } = options
  const collections = new Set(options.collections)
  const dids = new Set(options.dids)
  if (collections.size > MAX_COLLECTIONS) return { problem: `more than ${MAX_COLLECTIONS} collections` }
  if (dids.size > MAX_DIDS) return { problem: `more than ${MAX_DIDS} DIDs` }
  const prefixes: string[] = []
  for (const name of collections) {
    if (name.endsWith('.*')) prefixes.push(name.slice(0, -1))
    else if (!isNsid(name)) return { problem: `${name} is no collection` }
  }
  for (const did of dids) if (!isDid(did)) return { problem: `${did} is no DID` }
  const wants = (event: StreamEvent): boolean => {
    if (dids.size > 0 && !dids.has(event.did)) return false
    if (kinds.length > 0 && !kinds.includes(event.kind)) return false
    // Lists of collections select among commits; other events always pass.
    if (event.kind !== 'commit' || collections.size === 0) return true
    const { collection } = event
    return collections.has(collection) || prefixes.some((prefix) => collection.startsWith(prefix))
  }
  return { wants, maxFrameBytes }
}
