import { setTimeout as sleep } from 'node:timers/promises'

export type PaceOptions = {
  /** Most requests in any `windowMs` milliseconds. */
  most: number
  windowMs: number
  /** Milliseconds, monotonic. */
  now?: () => number
  wait?: (ms: number, signal: AbortSignal) => Promise<void>
}

/** Keeps us below a server's rate limit, so that it seldom has to say so. */
export class Pace {
  readonly #most: number
  readonly #windowMs: number
  readonly #now: () => number
  readonly #wait: (ms: number, signal: AbortSignal) => Promise<void>
  /** When the latest requests were made, oldest first. */
  readonly #made: number[] = []
  #notBefore = 0

  constructor({ most, windowMs, now = () => performance.now(), wait = pause }: PaceOptions) {
    this.#most = most
    this.#windowMs = windowMs
    this.#now = now
    this.#wait = wait
  }

  /** Resolves when the next request may be made, and counts it; rejects when `signal` aborts. */
  async turn(signal: AbortSignal): Promise<void> {
    for (;;) {
      signal.throwIfAborted()
      const now = this.#now()
      while (this.#made[0] !== undefined && this.#made[0] <= now - this.#windowMs) this.#made.shift()
      const [oldest] = this.#made
      const full = oldest !== undefined && this.#made.length >= this.#most ? oldest + this.#windowMs : 0
      const at = Math.max(full, this.#notBefore)
      if (at <= now) {
        this.#made.push(now)
        return
      }
      await this.#wait(at - now, signal)
    }
  }

  /** The server wants to be left alone for `ms` milliseconds. */
  rest(ms: number): void {
    this.#notBefore = Math.max(this.#notBefore, this.#now() + ms)
  }
}

async function pause(ms: number, signal: AbortSignal): Promise<void> {
  await sleep(ms, undefined, { signal })
}
