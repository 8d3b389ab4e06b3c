import type { Micros } from '../atproto/event.ts'
import type { NetworkClock } from '../jetstream/network-clock.ts'

/**
 * Measures how far behind the network the ledger is: by the age of the last event, except that a connected stream without
 * events is not behind (one filtered to few people may be quiet for hours). A disconnected one falls behind every second.
 */
export class LagMeter {
  readonly #clock: Pick<NetworkClock, 'now' | 'monotonic'>
  /** The time of the last event in the ledger; before the first one, where the stream begins. */
  #reached: Micros | undefined
  /** The stream is connected, and everything that it sent is in the ledger. */
  #quiet = false
  /** When `#quiet` ended, on the monotonic clock. `undefined` once a later event gives the lag by itself. */
  #caughtUpAt: Micros | undefined
  #host: string | undefined

  constructor(reached: Micros | undefined, clock: Pick<NetworkClock, 'now' | 'monotonic'>) {
    this.#reached = reached
    this.#clock = clock
  }

  /** The host that the stream is connected to. */
  get host(): string | undefined {
    return this.#host
  }

  /** The time up to which events are in the ledger. */
  get reached(): Micros | undefined {
    return this.#reached
  }

  connected(host: string): void {
    this.#host = host
  }

  disconnected(): void {
    this.#endQuiet()
    this.#host = undefined
  }

  /** The host has nothing more to send, and everything that it sent is in the ledger. */
  caughtUp(): void {
    this.#quiet = this.#host !== undefined
  }

  /** A batch has come, which is not in the ledger yet. */
  received(): void {
    this.#endQuiet()
  }

  /** Events up to `at` are in the ledger. */
  folded(at: Micros): void {
    this.#reached = at
    this.#quiet = false
    this.#caughtUpAt = undefined
  }

  lag(): Micros {
    if (this.#quiet) return 0
    const sinceCaughtUp =
      this.#caughtUpAt === undefined ? Number.POSITIVE_INFINITY : this.#clock.monotonic() - this.#caughtUpAt
    const sinceReached =
      this.#reached === undefined ? Number.POSITIVE_INFINITY : Math.max(0, this.#clock.now() - this.#reached)
    const lag = Math.min(sinceCaughtUp, sinceReached)
    // Before the first event of a stream that begins at the live tip.
    return Number.isFinite(lag) ? Math.round(lag) : 0
  }

  #endQuiet(): void {
    if (this.#quiet) this.#caughtUpAt = this.#clock.monotonic()
    this.#quiet = false
  }
}
