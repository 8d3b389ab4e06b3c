import type { Did } from '@atcute/lexicons/syntax'

/** An event, formatted for all listeners. */
export type SentEvent = { did: Did; position: string; isLevelUp: boolean; text: string }

/**
 * The newest events, cached as they were broadcast. Clients that reconnect soon are sent these, without another read of
 * the ledger.
 */
export class RecentEvents {
  readonly #max: number
  #events: SentEvent[] = []
  /** Events dropped since the start. */
  #dropped = 0
  /** By position, the number of events before it, dropped ones included; oldest first. */
  readonly #places = new Map<string, number>()

  /** @param max keeps at least this many events, and at most twice as many */
  constructor(max: number) {
    this.#max = max
  }

  /** Drops all events, and goes on at `position`. */
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
    // Drops many at a time: slicing the list for every event would cost more than the memory.
    if (this.#events.length >= this.#max * 2) this.#drop(this.#events.length - this.#max)
  }

  /** The first `limit` events after `position`; `undefined` if that position is not cached. */
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
