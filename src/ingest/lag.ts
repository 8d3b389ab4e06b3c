import type { Micros } from '../atproto/event.ts'

/** A connected stream that has been silent for this long has nothing more to send: we are where the network is. */
const SILENCE: Micros = 3_000_000

/**
 * How far behind the network the ledger is. Events tell their age; a stream that is filtered to few people may be silent
 * for hours without being behind, and one that is not connected falls behind with every second.
 */
export class LagMeter {
  /** The time of the last event that is in the ledger. */
  #reached: Micros | undefined
  /** Since when the stream is connected and silent. */
  #silentSince: Micros | undefined
  /** When the stream was last known to have nothing more for us. */
  #caughtUp: Micros | undefined
  host: string | undefined

  constructor(reached: Micros | undefined) {
    this.#reached = reached
  }

  connected(host: string, now: Micros): void {
    this.host = host
    this.#silentSince = now
  }

  disconnected(now: Micros): void {
    if (this.#isSilent(now)) this.#caughtUp = now
    this.host = undefined
    this.#silentSince = undefined
  }

  /** Events up to `at` are in the ledger. */
  folded(at: Micros, now: Micros): void {
    this.#reached = at
    this.#caughtUp = undefined
    if (this.host !== undefined) this.#silentSince = now
  }

  lag(now: Micros): Micros {
    if (this.#isSilent(now)) return 0
    const reached = Math.max(this.#reached ?? 0, this.#caughtUp ?? 0)
    // Someone who begins at the live tip is behind by nothing yet.
    return reached === 0 ? 0 : Math.max(0, now - reached)
  }

  #isSilent(now: Micros): boolean {
    return this.#silentSince !== undefined && now - this.#silentSince >= SILENCE
  }
}
