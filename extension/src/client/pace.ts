import { MAX_RETRY_MS } from './request.ts'

/** The least time between two requests, and between two that are small. */
const GAP_MS = 250
const SMALL_GAP_MS = 1_000
/** As many names as the server counts as one request. */
const FULL = 25
/** The first pause after a failure; each further one doubles it. */
const FIRST_PAUSE_MS = 1_000
const MAX_PAUSE_MS = 5 * 60_000

/** What of a pace outlives the background: a server that wanted a pause, or is dead, is left alone for as long afterwards. */
export type PaceState = { pausedUntil: number; failures: number }

/** When the next request for names may go. It is pure: all times are given, in milliseconds of one clock. */
export class Pace {
  #lastAt = Number.NEGATIVE_INFINITY
  #pausedUntil = 0
  #failures = 0

  /** @param kept `state`, as it came back from storage */
  constructor(kept?: PaceState, now = 0) {
    if (kept === undefined) return
    // A clock that was set back makes no pause longer than any server may ask for.
    this.#pausedUntil = Math.min(kept.pausedUntil, now + MAX_RETRY_MS)
    this.#failures = kept.failures
  }

  get state(): PaceState {
    return { pausedUntil: this.#pausedUntil, failures: this.#failures }
  }

  /** The earliest time of the next request, for which `waiting` names wait. */
  next(waiting: number): number {
    const gap = waiting >= FULL ? GAP_MS : SMALL_GAP_MS
    return Math.max(this.#lastAt + gap, this.#pausedUntil)
  }

  /** Until when nothing is asked. */
  get pausedUntil(): number {
    return this.#pausedUntil
  }

  sent(now: number): void {
    this.#lastAt = now
  }

  succeeded(): void {
    this.#failures = 0
    this.#pausedUntil = 0
  }

  /** The server wants a pause. */
  refused(now: number, retryMs: number): void {
    this.#pausedUntil = Math.max(this.#pausedUntil, now + retryMs)
  }

  /** The server did not answer: each failure in a row doubles the pause. */
  failed(now: number): void {
    this.#failures += 1
    this.#pausedUntil = now + Math.min(MAX_PAUSE_MS, FIRST_PAUSE_MS * 2 ** (this.#failures - 1))
  }
}
