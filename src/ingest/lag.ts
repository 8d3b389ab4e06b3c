import type { Micros } from '../atproto/event.ts'
import type { NetworkClock } from '../jetstream/network-clock.ts'

/**
 * How far behind the network the ledger is. Events tell their age; a stream that is filtered to few people may be quiet
 * for hours without being behind, and one that is not connected falls behind with every second.
 */
export class LagMeter {
  readonly #clock: Pick<NetworkClock, 'now' | 'monotonic'>
  /** The time of the last event that is in the ledger; where it begins, before the first. */
  #reached: Micros | undefined
  /** All that the network has is in the ledger. */
  #quiet = false
  /** When that was last so; monotonic. Undefined where an event has told of a later time since. */
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

  /** The host has nothing more to send, and all that it sent is in the ledger. */
  caughtUp(): void {
    this.#quiet = this.#host !== undefined
  }

  /** Something has come, which is not in the ledger yet. */
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
    // Someone who begins at the live tip is behind by nothing yet.
    return Number.isFinite(lag) ? Math.round(lag) : 0
  }

  #endQuiet(): void {
    if (this.#quiet) this.#caughtUpAt = this.#clock.monotonic()
    this.#quiet = false
  }
}
