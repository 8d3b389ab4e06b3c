import type { Did, Handle } from '@atcute/lexicons/syntax'
import type { AppView } from './appview.ts'

/** Resolves handles to DIDs. */
export type HandleResolver = {
  /** False if `resolve` would have to ask the network. */
  isCached(handle: Handle): boolean
  /**
   * The DID behind `handle`; `undefined` if there is none.
   * @param signal aborts when the caller stops waiting
   * @throws {LookUpUnavailableError} if the network does not answer within two seconds
   */
  resolve(handle: Handle, signal: AbortSignal): Promise<Did | undefined>
}

/** The network did not answer in time. */
export class LookUpUnavailableError extends Error {
  override name = 'LookUpUnavailableError'
}

/** How long answers are cached. */
const FOUND_MS = 300_000
const MISSING_MS = 60_000
const MAX_CACHED = 10_000
/** Includes the wait for a turn, so that the client has its answer within two seconds. */
const DEADLINE_MS = 1_800

export type HandleResolverOptions = {
  appview: Pick<AppView, 'resolve'>
  /** Ends all look-ups. */
  signal: AbortSignal
  /** Milliseconds of a clock that never goes back. */
  now?: () => number
  /** Time limit for an answer, in milliseconds. @default 1800 */
  deadlineMs?: number
}

type LookUp = {
  /** The answer is cached until then; infinite while it is pending. */
  until: number
  did: Promise<Did | undefined>
  /** Callers that wait for the answer. */
  waiting: number
  stop: AbortController
}

/** Asks the AppView, at most once at a time for each handle, and caches the answers. */
export function handleResolver(options: HandleResolverOptions): HandleResolver {
  const { appview, signal: end, deadlineMs = DEADLINE_MS } = options
  const now = options.now ?? (() => performance.now())
  const lookUps = new Map<Handle, LookUp>()

  const begin = (handle: Handle): LookUp => {
    const stop = new AbortController()
    const signal = AbortSignal.any([end, stop.signal, AbortSignal.timeout(deadlineMs)])
    const lookUp: LookUp = {
      until: Number.POSITIVE_INFINITY,
      did: Promise.resolve(undefined),
      waiting: 0,
      stop,
    }
    lookUp.did = appview.resolve(handle, signal).then(
      (did) => {
        lookUp.until = now() + (did === undefined ? MISSING_MS : FOUND_MS)
        return did
      },
      (cause: unknown) => {
        if (lookUps.get(handle) === lookUp) lookUps.delete(handle)
        throw new LookUpUnavailableError(`${handle} cannot be resolved right now`, { cause })
      },
    )
    // Everybody who waits gets the rejection; if nobody does, it must not count as unhandled.
    lookUp.did.catch(() => {})
    lookUps.delete(handle)
    lookUps.set(handle, lookUp)
    const [oldest] = lookUps.keys()
    if (lookUps.size > MAX_CACHED && oldest !== undefined) lookUps.delete(oldest)
    return lookUp
  }

  const cached = (handle: Handle): LookUp | undefined => {
    const lookUp = lookUps.get(handle)
    return lookUp !== undefined && lookUp.until > now() ? lookUp : undefined
  }

  return {
    isCached: (handle) => cached(handle) !== undefined,
    resolve: async (handle, signal) => {
      signal.throwIfAborted()
      const lookUp = cached(handle) ?? begin(handle)
      const left = Promise.withResolvers<never>()
      const leave = (): void => {
        lookUp.waiting -= 1
        // Nobody waits any more: free the place in the queue, and do not ask the AppView.
        if (lookUp.waiting === 0 && lookUp.until === Number.POSITIVE_INFINITY) lookUp.stop.abort()
        left.reject(signal.reason)
      }
      lookUp.waiting += 1
      signal.addEventListener('abort', leave, { once: true })
      try {
        return await Promise.race([lookUp.did, left.promise])
      } finally {
        signal.removeEventListener('abort', leave)
        if (!signal.aborted) lookUp.waiting -= 1
      }
    },
  }
}

/** Without an AppView: only handles that the ledger knows resolve. */
export const noHandles: HandleResolver = { isCached: () => true, resolve: async () => undefined }
