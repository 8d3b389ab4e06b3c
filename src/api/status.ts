import type { Micros } from '../atproto/event.ts'
import type { Pulse, Reader, StoreStatus } from '../store/store.ts'

/** How old a status may be: counting what waits takes a store a while, and many ask. */
const HELD: Micros = 5_000_000

/** What the store says of itself, asked for at most once at a time and every five seconds. */
export class RecentStatus {
  readonly #reader: Reader
  readonly #clock: () => Micros
  #held: { since: Micros; status: Promise<StoreStatus> } | undefined

  constructor({ reader, clock }: { reader: Reader; clock: () => Micros }) {
    this.#reader = reader
    this.#clock = clock
  }

  get(): Promise<StoreStatus> {
    const now = this.#clock()
    if (this.#held !== undefined && now - this.#held.since < HELD) return this.#held.status
    const asked = { since: now, status: this.#reader.status() }
    this.#held = asked
    // A failure is told to those who wait for it, and not kept.
    asked.status.catch(() => {
      if (this.#held === asked) this.#held = undefined
    })
    return asked.status
  }
}

/** Whether the ledger is being fed: a pulse older than `most` is nobody's any more. */
export function isConnected(pulse: Pulse | undefined, now: Micros, most: Micros): boolean {
  return pulse?.host !== undefined && now - pulse.at <= most
}
