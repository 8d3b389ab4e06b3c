/** Calls `wake` after `ms` milliseconds, unless the function that it returns was called first. */
export type Schedule = (ms: number, wake: () => void) => () => void

export type PaceOptions = {
  /** Requests in any `windowMs` milliseconds, at most. */
  maxRequests: number
  windowMs: number
  /** Calls of `turn` that may wait at a time; further ones are refused. @default no bound */
  maxWaiting?: number
  /** Milliseconds of a clock that never goes back. */
  now?: () => number
  schedule?: Schedule
}

/** Too many wait for their turn already. */
export class PaceFullError extends Error {
  override name = 'PaceFullError'
}

/**
 * Keeps requests below a server's rate limit, so that it seldom has to refuse one. Those who wait are let go in the order
 * in which they came, by one timer for all of them: a timer for each would wake everybody for every free place.
 */
export class Pace {
  readonly #maxRequests: number
  readonly #windowMs: number
  readonly #maxWaiting: number
  readonly #now: () => number
  readonly #schedule: Schedule
  /** When the latest requests were made, oldest first. */
  readonly #made: number[] = []
  /** Resolves the turns that were asked for, first come first served; leaving takes no search. */
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
   * @throws {PaceFullError} where as many wait as may
   * @throws the reason of `signal` when it aborts
   */
  async turn(signal: AbortSignal): Promise<void> {
    signal.throwIfAborted()
    if (this.#waiting.size === 0 && this.#waitMs() <= 0) {
      this.#made.push(this.#now())
      return
    }
    if (this.#waiting.size >= this.#maxWaiting) throw new PaceFullError('too many requests wait already')
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

  /** The server wants to be left alone for `ms` milliseconds. */
  rest(ms: number): void {
    this.#notBefore = Math.max(this.#notBefore, this.#now() + ms)
    if (this.#waiting.size === 0) return
    this.#disarm()
    this.#arm()
  }

  /** Milliseconds until a request may be made; none where it may be now. */
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
