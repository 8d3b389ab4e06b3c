import type { Did, Handle } from '@atcute/lexicons/syntax'
import type { AppView } from './appview.ts'

/** Finds out whose a handle is. */
export type HandleResolver = {
  /** `undefined` where it is nobody's, or nobody can say. */
  resolve(handle: Handle): Promise<Did | undefined>
}

const FOUND_MS = 300_000
const MISSING_MS = 60_000
const MOST_HELD = 10_000

export type HandleResolverOptions = {
  appview: AppView
  signal: AbortSignal
  /** Milliseconds, monotonic. */
  now?: () => number
}

/** Asks the AppView, each handle once at a time, and remembers the answers for a while. */
export function handleResolver({
  appview,
  signal,
  now = () => performance.now(),
}: HandleResolverOptions): HandleResolver {
  const held = new Map<Handle, { until: number; did: Promise<Did | undefined> }>()
  return {
    resolve: (handle) => {
      const entry = held.get(handle)
      if (entry !== undefined && entry.until > now()) return entry.did
      const fresh = { until: now() + FOUND_MS, did: Promise.resolve<Did | undefined>(undefined) }
      fresh.did = appview.resolve(handle, signal).then(
        (did) => {
          if (did === undefined) fresh.until = now() + MISSING_MS
          return did
        },
        () => {
          held.delete(handle)
          return undefined
        },
      )
      held.delete(handle)
      held.set(handle, fresh)
      const [oldest] = held.keys()
      if (held.size > MOST_HELD && oldest !== undefined) held.delete(oldest)
      return fresh.did
    },
  }
}
