// The one place that decides what a frame may claim about time. Three clocks tell it: this machine's, the stream's own
// progress, and the revisions of commits, which thousands of people's servers set independently of the stream's host.
import { parse } from '@atcute/tid'
import type { Cursor, Did, Micros, StreamEvent } from '../atproto/event.ts'
import type { Clock } from './clock.ts'
import { TIME_CURSORS } from './wires/wire.ts'

/** Before the protocol existed; an event cannot have been witnessed then. */
const EARLIEST: Micros = Date.UTC(2020, 0) * 1_000
/** How far clocks that are in order may differ. */
const TOLERANCE: Micros = 60_000_000
/** How far a commit's revision may lie from its witness time and still confirm it. */
const REV_TOLERANCE: Micros = 600_000_000
/** Commits in a row, and people among them, whose revisions have to confirm that our clock is behind. */
const CONFIRMATIONS = 20
const CONFIRMING_PEOPLE = 5

export type NetworkClockOptions = Pick<Clock, 'now' | 'monotonic'>

/**
 * An event with a time that can be believed; `misdated` where it claimed another. `at` is how far that shows the stream to
 * be: undefined for one that had nothing but our clock to be dated by.
 */
export type Dated = { event: StreamEvent; misdated: boolean; at: Micros | undefined }

/**
 * What time it is on the network. Time never goes back: an event that was witnessed at T shows that it is at least T plus
 * what has passed since, even if the machine's clock is set back meanwhile.
 */
export class NetworkClock {
  readonly #clock: NetworkClockOptions
  /** How far the newest believed event was ahead of the monotonic clock. */
  #lead: Micros = Number.NEGATIVE_INFINITY
  /** The event before, or the place where the connection began; and when it came, by the monotonic clock. */
  #last: { at: Micros; came: Micros } | undefined
  /** Events in a row that are ahead of our clock and whose revisions say the same. */
  #confirmations = 0
  readonly #confirming = new Set<Did>()

  constructor(clock: NetworkClockOptions) {
    this.#clock = clock
  }

  now(): Micros {
    return Math.floor(Math.max(this.#ownNow(), this.#lead + this.monotonic()))
  }

  /** Microseconds that have passed since some moment; for durations. */
  monotonic(): Micros {
    return this.#clock.monotonic() * 1_000
  }

  /** How far the network is ahead of the machine's clock; 0 where that is not known to be wrong. */
  get ahead(): Micros {
    const ahead = this.now() - this.#ownNow()
    return ahead > TOLERANCE ? ahead : 0
  }

  /** A connection begins, at `at` in the stream where that is known: its first event has no other neighbour. */
  begin(at: Micros | undefined): void {
    this.#last = at === undefined ? undefined : { at, came: this.monotonic() }
  }

  /**
   * Gives the next event of a connection a time that can be believed. One from more than a minute ahead is as old as its
   * neighbour, unless the stream and its people agree that our clock is behind. Undefined for an impossible time.
   */
  date(event: StreamEvent): Dated | undefined {
    const { at } = event
    if (at < EARLIEST) return undefined
    const came = this.monotonic()
    const own = this.#ownNow()
    if (at <= own + TOLERANCE) {
      this.#confirmations = 0
      this.#lead = Math.max(this.#lead, at - came)
    } else {
      this.#weigh(event, came)
      if (at > this.#lead + came + TOLERANCE) return this.#redate(event, came, own)
    }
    this.#last = { at, came }
    return { event, misdated: false, at }
  }

  /**
   * A saved place that can be believed. It cannot lie ahead of `heard`, when the ledger was last fed by the clock of that
   * time, nor of now: one that does goes back to there. Where only now is before it, our clock has gone back since.
   */
  place(cursor: Cursor, heard: Micros | undefined): Cursor {
    const now = this.now()
    if (cursor.at <= now + TOLERANCE) return cursor
    if (heard !== undefined && cursor.at <= heard + TOLERANCE) {
      this.#lead = cursor.at - this.monotonic()
      return cursor
    }
    const at = Math.max(EARLIEST, (heard ?? now) - TOLERANCE)
    // It was that late already: a clock that was set back since must not move the place, nor date events, to before then.
    if (heard !== undefined) this.#lead = Math.max(this.#lead, at - this.monotonic())
    // A place may be a time itself; its own number a host still knows.
    return { ...cursor, at, value: cursor.value >= TIME_CURSORS ? Math.min(cursor.value, at) : cursor.value }
  }

  /** An event ahead of our clock: enough of them in a row, confirmed by their people's own servers, outweigh it. */
  #weigh(event: StreamEvent, came: Micros): void {
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
    this.#lead = Math.max(this.#lead, event.at - came)
  }

  /** As old as the neighbour before it, and by as much younger as it came later. */
  #redate(event: StreamEvent, came: Micros, own: Micros): Dated | undefined {
    const last = this.#last
    const at = Math.floor(last === undefined ? own : last.at + came - last.came)
    if (at < EARLIEST) return undefined
    if (last !== undefined) this.#last = { at, came }
    const dated = { misdated: true, at: last && at }
    if (event.kind !== 'account') return { event: { ...event, at }, ...dated }
    // An account's own time is no later than it was witnessed, or its status could not be replaced until then.
    return { event: { ...event, at, time: Math.min(event.time, at) }, ...dated }
  }

  #ownNow(): Micros {
    return this.#clock.now() * 1_000
  }
}
