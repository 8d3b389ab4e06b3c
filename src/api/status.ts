import type { Micros } from '../atproto/event.ts'
import type { StoreStatus } from '../store/status.ts'
import type { Reader } from '../store/store.ts'

/** Maximum age of a cached status: the store counts for a while to make one. */
const MAX_AGE_MICROS: Micros = 5_000_000
/** Ingest writes a heartbeat every two seconds; after this long without one it counts as gone. */
const HEARTBEAT_VALID_MICROS: Micros = 15_000_000

/** The status of the store, and the age of the last heartbeat in microseconds; `undefined` if there was none. */
export type Heard = { status: StoreStatus; heartbeatAge: Micros | undefined }

export type RecentStatusOptions = {
  reader: Reader
  clock: () => Micros
  /** Microseconds of a clock that never goes back. */
  monotonic: () => Micros
}

/**
 * Caches the status of the store. Another process dates heartbeats by its own clock, and either clock may be set at any
 * time, so the age of a heartbeat is how long it has stood still by our monotonic clock; only the first is compared by date.
 */
export class RecentStatus {
  readonly #reader: Reader
  readonly #clock: () => Micros
  readonly #monotonic: () => Micros
  #cached: { since: Micros; status: Promise<StoreStatus> } | undefined
  /** When the store was last asked; monotonic. */
  #asked: Micros | undefined
  /** The newest heartbeat: its date, and when it was written by our monotonic clock. */
  #heartbeat: { at: Micros; since: Micros } | undefined

  constructor({ reader, clock, monotonic }: RecentStatusOptions) {
    this.#reader = reader
    this.#clock = clock
    this.#monotonic = monotonic
  }

  /** @param maxAgeMicros maximum age of a cached status */
  async get(maxAgeMicros: Micros = MAX_AGE_MICROS): Promise<Heard> {
    const status = await this.#status(maxAgeMicros)
    return { status, heartbeatAge: this.#heartbeat && this.#monotonic() - this.#heartbeat.since }
  }

  #status(maxAgeMicros: Micros): Promise<StoreStatus> {
    const now = this.#monotonic()
    if (this.#cached !== undefined && now - this.#cached.since < maxAgeMicros) return this.#cached.status
    const asked = { since: now, status: this.#ask(now) }
    this.#cached = asked
    // A failure rejects for those who wait, and is not cached.
    asked.status.catch(() => {
      if (this.#cached === asked) this.#cached = undefined
    })
    return asked.status
  }

  async #ask(now: Micros): Promise<StoreStatus> {
    const status = await this.#reader.status()
    const at = status.heartbeat?.at
    if (at !== undefined && this.#heartbeat?.at !== at) {
      // It was written after we last asked, whatever the clocks say.
      const longest = this.#asked === undefined ? Number.POSITIVE_INFINITY : now - this.#asked
      this.#heartbeat = { at, since: now - Math.min(longest, Math.max(0, this.#clock() - at)) }
    }
    this.#asked = now
    return status
  }
}

/** Whether ingest runs and is connected to a host. */
export function isConnected({ status, heartbeatAge }: Heard): boolean {
  return (
    status.heartbeat?.host !== undefined &&
    heartbeatAge !== undefined &&
    heartbeatAge <= HEARTBEAT_VALID_MICROS
  )
}

/**
 * How far behind the network the ledger is. `undefined` before the first heartbeat, and before the first event of a stream that
 * begins in the past: nobody knows how old that event will be, only from when on the stream was asked for.
 */
export function lagOf({ cursor, heartbeat }: Pick<StoreStatus, 'cursor' | 'heartbeat'>): Micros | undefined {
  return cursor === undefined && heartbeat?.lag !== 0 ? undefined : heartbeat?.lag
}

/** The same in whole seconds; `null` where it is not known. */
export function lagSecondsOf(status: Pick<StoreStatus, 'cursor' | 'heartbeat'>): number | null {
  const lag = lagOf(status)
  return lag === undefined ? null : Math.round(lag / 1_000_000)
}
