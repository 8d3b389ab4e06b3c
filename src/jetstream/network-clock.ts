// Decides, here and nowhere else, which times in frames to believe. It weighs three clocks: this machine's, the progress
// of the stream, and the revisions of commits, which people's servers set independently of the stream's host.
import { parse } from '@atcute/tid'
import type { Cursor, Did, Micros, StreamEvent } from '../atproto/event.ts'
import type { Clock } from './clock.ts'
import { TIME_CURSORS } from './wires/wire.ts'

/** No event was witnessed before this: the protocol did not exist. */
const EARLIEST: Micros = Date.UTC(2020, 0) * 1_000
/** How far two correct clocks may differ. */
const TOLERANCE: Micros = 60_000_000
/** How far a commit's revision may lie from its witness time and still confirm it. */
const REV_TOLERANCE: Micros = 600_000_000
/** Our clock counts as behind once so many commits in a row, by at least so many people, confirm it. */
const CONFIRMATIONS = 20
const CONFIRMING_PEOPLE = 5

export type NetworkClockOptions = Pick<Clock, 'now' | 'monotonic'>

/**
 * An event with a believable time; `misdated` where its frame claimed another. `at` is how far the stream has got with
 * it, undefined where nothing but our clock could date the event.
 */
export type Dated = { event: StreamEvent; misdated: boolean; at: Micros | undefined }

/**
 * The network's time. It never goes back: after an event witnessed at T it is at least T plus the time passed since,
 * even if the machine's clock is set back meanwhile.
 */
export class NetworkClock {
  readonly #clock: NetworkClockOptions
  /** The furthest that a believed event was ahead of the monotonic clock; their sum is the earliest that it can be now. */
  #lead: Micros = Number.NEGATIVE_INFINITY
  /** Time of the event before, or of the place where the connection began; its arrival is by the monotonic clock. */
  #last: { at: Micros; arrived: Micros } | undefined
  /** Commits in a row that are ahead of our clock, with revisions that confirm it. */
  #confirmations = 0
  /** Their authors, up to `CONFIRMING_PEOPLE`. */
  readonly #confirming = new Set<Did>()

  constructor(clock: NetworkClockOptions) {
    this.#clock = clock
  }

  /** Microseconds since the Unix epoch. */
  now(): Micros {
    return Math.floor(Math.max(this.#ownNow(), this.#lead + this.monotonic()))
  }

  /** Microseconds since an arbitrary moment, for durations. */
  monotonic(): Micros {
    return this.#clock.monotonic() * 1_000
  }

  /** How far the machine's clock is behind the network, in microseconds; 0 within the tolerance. */
  get ahead(): Micros {
    const ahead = this.now() - this.#ownNow()
    return ahead > TOLERANCE ? ahead : 0
  }

  /** Call when a connection begins, with the time of its place if known: that may have to date its first event. */
  begin(at: Micros | undefined): void {
    this.#last = at === undefined ? undefined : { at, arrived: this.monotonic() }
  }

  /**
   * Gives the next event of a connection a believable time. One more than a minute ahead is dated by the event before
   * it, unless enough revisions confirm that our clock is behind. Undefined for a time before `EARLIEST`.
   */
  date(event: StreamEvent): Dated | undefined {
    const { at } = event
    if (at < EARLIEST) return undefined
    const arrived = this.monotonic()
    const ownNow = this.#ownNow()
    if (at <= ownNow + TOLERANCE) {
      this.#confirmations = 0
      this.#lead = Math.max(this.#lead, at - arrived)
    } else {
      // Ahead of our clock. If enough events have shown that clock to be behind, it need not be ahead of the network.
      this.#weigh(event, arrived)
      if (at > this.#lead + arrived + TOLERANCE) return this.#redate(event, arrived, ownNow)
    }
    this.#last = { at, arrived }
    return { event, misdated: false, at }
  }

  /**
   * Moves a saved place back if it lies in the future. `heard` is when the ledger's last heartbeat was written, by the
   * clock of that time. A place ahead of now but not of `heard` stays: our clock was set back since. One ahead of both
   * goes back to a minute before `heard`, or before now where `heard` is undefined.
   */
  place(cursor: Cursor, heard: Micros | undefined): Cursor {
    const now = this.now()
    if (cursor.at <= now + TOLERANCE) return cursor
    if (heard !== undefined && cursor.at <= heard + TOLERANCE) {
      this.#lead = cursor.at - this.monotonic()
      return cursor
    }
    const at = Math.max(EARLIEST, (heard ?? now) - TOLERANCE)
    // It was `at` already: a clock that was set back since must not date events before it.
    if (heard !== undefined) this.#lead = Math.max(this.#lead, heard - this.monotonic())
    // A cursor that is a time moves back, too. A sequence number stays: its host still knows it.
    return { ...cursor, at, value: cursor.value >= TIME_CURSORS ? Math.min(cursor.value, at) : cursor.value }
  }

  /** Counts an event that is ahead of our clock: enough in a row, confirmed by enough people's revisions, outweigh it. */
  #weigh(event: StreamEvent, arrived: Micros): void {
    if (event.kind !== 'commit') return
    if (this.#confirmations === 0) this.#confirming.clear()
    if (Math.abs(parse(event.rev).timestamp - event.at) > REV_TOLERANCE) {
      this.#confirmations = 0
      return
    }
    this.#confirmations += 1
    if (this.#confirming.size < CONFIRMING_PEOPLE) this.#confirming.add(event.did)
    if (this.#confirmations < CONFIRMATIONS || this.#confirming.size < CONFIRMING_PEOPLE) return
    this.#confirmations = 0
    this.#lead = Math.max(this.#lead, event.at - arrived)
  }

  /** Dates an event by the one before it plus the time between their arrivals, or by our clock where there is none. */
  #redate(event: StreamEvent, arrived: Micros, ownNow: Micros): Dated | undefined {
    const last = this.#last
    const at = Math.floor(last === undefined ? ownNow : last.at + arrived - last.arrived)
    if (at < EARLIEST) return undefined
    if (last !== undefined) this.#last = { at, arrived }
    const dated = { misdated: true, at: last && at }
    if (event.kind !== 'account') return { event: { ...event, at }, ...dated }
    // The account's `time` must not be later either, or no other status could replace this one until then.
    return { event: { ...event, at, time: Math.min(event.time, at) }, ...dated }
  }

  #ownNow(): Micros {
    return this.#clock.now() * 1_000
  }
}
