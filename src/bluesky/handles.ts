import type { Did, Handle } from '@atcute/lexicons/syntax'
import type { AppView } from './appview.ts'

/** Finds out whose a handle is. */
export type HandleResolver = {
  /** Whether `resolve` would have to ask the network. */
  isCached(handle: Handle): boolean
  /**
   * Whose `handle` is; `undefined` where it is nobody's.
   * @param signal aborts when nobody waits for the answer any more
   * @throws {LookUpUnavailableError} where nobody can say within two seconds
   */
  resolve(handle: Handle, signal: AbortSignal): Promise<Did | undefined>
}

/** Nobody can say right now whose a handle is. */
export class LookUpUnavailableError extends Error {
  override name = 'LookUpUnavailableError'
}

const FOUND_MS = 300_000
const MISSING_MS = 60_000
const MAX_CACHED = 10_000
/** For as long a client is kept waiting, its turn in the queue included: its answer is there within two seconds. */
const DEADLINE_MS = 1_800

export type HandleResolverOptions = {
  appview: Pick<AppView, 'resolve'>
  /** Ends all look-ups. */
  signal: AbortSignal
  /** Milliseconds of a clock that never goes back. */
  now?: () => number
  /** Longest wait for one answer, in milliseconds. @default 1800 */
  deadlineMs?: number
}

type LookUp = {
  /** After this the answer is asked for again; none while it is on its way. */
  until: number
  did: Promise<Did | undefined>
  /** How many wait for the answer. */
  waiting: number
  stop: AbortController
}

/** Asks the AppView, each handle once at a time, and remembers the answers for a while. */
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
        throw new LookUpUnavailableError(`nobody can say right now whose ${handle} is`, { cause })
      },
    )
    // Each who waits hears of it; nobody may be left.
    lookUp.did.catch(() => {})
    lookUps.delete(handle)
    lookUps.set(handle, lookUp)
    const [oldest] = lookUps.keys()
    if (lookUps.size > MAX_CACHED && oldest !== undefined) lookUps.delete(oldest)
    return lookUp
  }

  const held = (handle: Handle): LookUp | undefined => {
    const lookUp = lookUps.get(handle)
    return lookUp !== undefined && lookUp.until > now() ? lookUp : undefined
  }

  return {
    isCached: (handle) => held(handle) !== undefined,
    resolve: async (handle, signal) => {
      signal.throwIfAborted()
      const lookUp = held(handle) ?? begin(handle)
      const left = Promise.withResolvers<never>()
      const leave = (): void => {
        lookUp.waiting -= 1
        // Nobody waits: the queue and the AppView are spared the rest.
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

/** Where there is no AppView: only those are known by their handle whom the ledger knows by it. */
export const noHandles: HandleResolver = { isCached: () => true, resolve: async () => undefined }
