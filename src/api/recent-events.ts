import type { Did } from '@atcute/lexicons/syntax'

/** An event as it is sent to all who want it. */
export type SentEvent = { did: Did; position: string; text: string }

/**
 * The newest events of the ledger, as they were read for those who listen. Clients that were away for a moment are sent
 * these, so that many of them cost one reading of the ledger.
 */
export class RecentEvents {
  readonly #max: number
  #events: SentEvent[] = []
  /** How many events were dropped before the first that is held. */
  #dropped = 0
  /** By position, how many events lie before it, the dropped ones included; in the order of time. */
  readonly #places = new Map<string, number>()

  /** @param max events held, at least; twice as many at most */
  constructor(max: number) {
    this.#max = max
  }

  /** Begins anew with nothing, at `position`. */
  restart(position: string): void {
    this.#dropped += this.#events.length
    this.#events = []
    this.#places.clear()
    this.#places.set(position, this.#dropped)
  }

  /** @param position where to read on from after `events` */
  add(events: readonly SentEvent[], position: string): void {
    for (const event of events) {
      this.#events.push(event)
      this.#places.set(event.position, this.#dropped + this.#events.length)
    }
    this.#places.set(position, this.#dropped + this.#events.length)
    // In large pieces: moving a list for each event would cost more than holding it.
    if (this.#events.length >= this.#max * 2) this.#drop(this.#events.length - this.#max)
  }

  /** The first `limit` events after `position`; `undefined` where that is not known here. */
  after(position: string, limit: number): readonly SentEvent[] | undefined {
    const place = this.#places.get(position)
    if (place === undefined) return undefined
    return this.#events.slice(place - this.#dropped, place - this.#dropped + limit)
  }

  #drop(count: number): void {
    this.#events = this.#events.slice(count)
    this.#dropped += count
    for (const [position, place] of this.#places) {
      if (place >= this.#dropped) break
      this.#places.delete(position)
    }
  }
}
