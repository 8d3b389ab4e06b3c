import type { Micros } from '../atproto/event.ts'
import type { NetworkClock } from '../jetstream/network-clock.ts'

/** A connected stream that has been silent for this long has nothing more to send: we are where the network is. */
const SILENCE: Micros = 3_000_000

/**
 * How far behind the network the ledger is. Events tell their age; a stream that is filtered to few people may be silent
 * for hours without being behind, and one that is not connected falls behind with every second.
 */
export class LagMeter {
  readonly #clock: Pick<NetworkClock, 'now' | 'monotonic'>
  /** The time of the last event that is in the ledger. */
  #reached: Micros | undefined
  /** Since when the stream is connected and silent; monotonic. */
  #silentSince: Micros | undefined
  /** When the stream was last known to have nothing more for us; monotonic. */
  #caughtUp: Micros | undefined
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
    this.#silentSince = this.#clock.monotonic()
  }

  disconnected(): void {
    const now = this.#clock.monotonic()
    if (this.#isSilent(now)) this.#caughtUp = now
    this.#host = undefined
    this.#silentSince = undefined
  }

  /** Events up to `at` are in the ledger. */
  folded(at: Micros): void {
    this.#reached = at
    this.#caughtUp = undefined
    if (this.#host !== undefined) this.#silentSince = this.#clock.monotonic()
  }

  lag(): Micros {
    const now = this.#clock.monotonic()
    if (this.#isSilent(now)) return 0
    const sinceCaughtUp = this.#caughtUp === undefined ? Number.POSITIVE_INFINITY : now - this.#caughtUp
    const sinceReached =
      this.#reached === undefined ? Number.POSITIVE_INFINITY : Math.max(0, this.#clock.now() - this.#reached)
    const lag = Math.min(sinceCaughtUp, sinceReached)
    // Someone who begins at the live tip is behind by nothing yet.
    return Number.isFinite(lag) ? Math.round(lag) : 0
  }

  #isSilent(now: Micros): boolean {
    return this.#silentSince !== undefined && now - this.#silentSince >= SILENCE
  }
}
