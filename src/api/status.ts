import type { Micros } from '../atproto/event.ts'
import type { Reader, StoreStatus } from '../store/store.ts'

/** How old a status may be: counting what waits takes a store a while, and many ask. */
const HELD: Micros = 5_000_000
/** Ingest gives a sign of life every two seconds; without one for so long it is not there. */
const HEARTBEAT_VALID_MICROS: Micros = 15_000_000

/** What the store says of itself, and how long ago ingest gave its last sign of life; `undefined` where it never did. */
export type Heard = { status: StoreStatus; pulseAge: Micros | undefined }

export type RecentStatusOptions = {
  reader: Reader
  clock: () => Micros
  /** Microseconds that have passed since some moment. */
  monotonic: () => Micros
}

/**
 * What the store says of itself, asked for at most once at a time and every five seconds. Pulses are written by the clock
 * of another process, and either clock may be set meanwhile, so the age of a heartbeat is mostly how long it has stood still.
 */
export class RecentStatus {
  readonly #reader: Reader
  readonly #clock: () => Micros
  readonly #monotonic: () => Micros
  #held: { since: Micros; status: Promise<StoreStatus> } | undefined
  /** When the store was last asked; monotonic. */
  #asked: Micros | undefined
  /** The heartbeat that was seen last, and when it was given; monotonic. */
  #heartbeat: { at: Micros; since: Micros } | undefined

  constructor({ reader, clock, monotonic }: RecentStatusOptions) {
    this.#reader = reader
    this.#clock = clock
    this.#monotonic = monotonic
  }

  /** @param heldFor how old it may be, in microseconds */
  async get(heldFor: Micros = HELD): Promise<Heard> {
    const status = await this.#status(heldFor)
    return { status, pulseAge: this.#heartbeat && this.#monotonic() - this.#heartbeat.since }
  }

  #status(heldFor: Micros): Promise<StoreStatus> {
    const now = this.#monotonic()
    if (this.#held !== undefined && now - this.#held.since < heldFor) return this.#held.status
    const asked = { since: now, status: this.#ask(now) }
    this.#held = asked
    // A failure is told to those who wait for it, and not kept.
    asked.status.catch(() => {
      if (this.#held === asked) this.#held = undefined
    })
    return asked.status
  }

  async #ask(now: Micros): Promise<StoreStatus> {
    const status = await this.#reader.status()
    const at = status.heartbeat?.at
    if (at !== undefined && this.#heartbeat?.at !== at) {
      // It was given after we last asked, whatever the clocks say.
      const longest = this.#asked === undefined ? Number.POSITIVE_INFINITY : now - this.#asked
      this.#heartbeat = { at, since: now - Math.min(longest, Math.max(0, this.#clock() - at)) }
    }
    this.#asked = now
    return status
  }
}

/** Whether the ledger is being fed. */
export function isConnected({ status, pulseAge }: Heard): boolean {
  return status.heartbeat?.host !== undefined && pulseAge !== undefined && pulseAge <= HEARTBEAT_VALID_MICROS
}
