/** Calls `wake` after `ms` milliseconds; the returned function cancels it. */
export type Schedule = (ms: number, wake: () => void) => () => void

export type PaceOptions = {
  /** Requests allowed in any `windowMs` milliseconds. */
  maxRequests: number
  windowMs: number
  /** Calls of `turn` that may wait at a time; further ones reject. @default no limit */
  maxWaiting?: number
  /** Milliseconds of a clock that never goes back. */
  now?: () => number
  schedule?: Schedule
}

/** `maxWaiting` calls wait for their turn already. */
export class PaceFullError extends Error {
  override name = 'PaceFullError'
}

/**
 * Keeps requests below a server's rate limit. Callers get their turns in order, by one timer for all of them: with a timer
 * each, every free place would wake everybody.
 */
export class Pace {
  readonly #maxRequests: number
  readonly #windowMs: number
  readonly #maxWaiting: number
  readonly #now: () => number
  readonly #schedule: Schedule
  /** Times of the requests in the current window, oldest first. */
  readonly #made: number[] = []
  /** Resolves the waiting turns, first come first served. A set, so that leaving needs no search. */
  readonly #waiting = new Set<() => void>()
  #cancelTimer: (() => void) | undefined
  #notBefore = Number.NEGATIVE_INFINITY

  constructor(options: PaceOptions) {
    const { maxRequests, windowMs, maxWaiting = Number.POSITIVE_INFINITY } = options
    this.#maxRequests = maxRequests
    this.#windowMs = windowMs
    this.#maxWaiting = maxWaiting
    this.#now = options.now ?? (() => performance.now())
    this.#schedule = options.schedule ?? timer
  }

  /**
   * Resolves when the next request may be made, and counts it.
   * @throws {PaceFullError} if `maxWaiting` calls wait already
   * @throws the reason of `signal` when it aborts
   */
  async turn(signal: AbortSignal): Promise<void> {
    signal.throwIfAborted()
    if (this.#waiting.size === 0 && this.#waitMs() <= 0) {
      this.#made.push(this.#now())
      return
    }
    if (this.#waiting.size >= this.#maxWaiting)
      throw new PaceFullError('too many requests are waiting already')
    const turn = Promise.withResolvers<void>()
    const leave = (): void => {
      this.#waiting.delete(turn.resolve)
      turn.reject(signal.reason)
    }
    this.#waiting.add(turn.resolve)
    signal.addEventListener('abort', leave, { once: true })
    this.#arm()
    try {
      await turn.promise
    } finally {
      signal.removeEventListener('abort', leave)
      if (this.#waiting.size === 0) this.#disarm()
    }
  }

  /** Makes no request for `ms` milliseconds, as a server asked by Retry-After. */
  rest(ms: number): void {
    this.#notBefore = Math.max(this.#notBefore, this.#now() + ms)
    if (this.#waiting.size === 0) return
    this.#disarm()
    this.#arm()
  }

  /** Milliseconds until the next request may be made; 0 or less if it may be now. */
  #waitMs(): number {
    const now = this.#now()
    while (this.#made[0] !== undefined && this.#made[0] <= now - this.#windowMs) this.#made.shift()
    const [oldest] = this.#made
    const full = this.#made.length >= this.#maxRequests && oldest !== undefined
    return Math.max(full ? oldest + this.#windowMs - now : 0, this.#notBefore - now)
  }

  #arm(): void {
    this.#cancelTimer ??= this.#schedule(this.#waitMs(), () => {
      this.#cancelTimer = undefined
      this.#letGo()
    })
  }

  #disarm(): void {
    this.#cancelTimer?.()
    this.#cancelTimer = undefined
  }

  #letGo(): void {
    for (const resolve of this.#waiting) {
      if (this.#waitMs() > 0) break
      this.#made.push(this.#now())
      this.#waiting.delete(resolve)
      resolve()
    }
    if (this.#waiting.size > 0) this.#arm()
  }
}

function timer(ms: number, wake: () => void): () => void {
  const handle = setTimeout(wake, Math.ceil(Math.max(0, ms)))
  return () => clearTimeout(handle)
}
