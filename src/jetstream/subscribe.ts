// The Jetstream client: whatever host and wire, one stream of events with their cursor. Here: the loop that
// dials, delivers and fails over. Reading frames is in wires/, a socket's queue in socket/, what to ask for and
// what to do after a failure in attempts/. Nothing here knows a rule or a store.
import type { Cursor, Micros, StreamEvent } from '../atproto/event.ts'
import { dialTimeoutMs, jittered } from './attempts/backoff.ts'
import { askFrom, isPast, mayBeClamped, REWIND } from './attempts/cursor.ts'
import { dial } from './attempts/dial.ts'
import { Dictionaries } from './attempts/dictionaries.ts'
import { recoveryFrom } from './attempts/recovery.ts'
import { ResumeState } from './attempts/resume-state.ts'
import { Route } from './attempts/route.ts'
import { pause } from './clock.ts'
import type { Ending, Gap, GapReason, Place } from './observer.ts'
import { type Settings, type SubscribeOptions, settingsOf } from './options.ts'
import type { Connection } from './socket/connection.ts'
import type { Chunk } from './socket/queue.ts'

export type { Ending, Gap, MalformedReason, StreamObserver } from './observer.ts'
export { silentObserver } from './observer.ts'
export type { Start, SubscribeOptions } from './options.ts'

export type Delivery = {
  /** In the order of the wire. Empty when all that came was filtered out on our side. */
  events: StreamEvent[]
  /** The place after the last of them. May be saved once the next delivery is asked for. */
  cursor: Cursor | undefined
  /** Received on the wire since the delivery before, in bytes. */
  bytes: number
  /** What may be missing before the first of `events`. */
  gaps: Gap[]
  /** The host has nothing more to send for now: all that it has is in this delivery and those before. */
  quiet: boolean
}

/** A quiet stream looks like a host that silently began later than asked: so much later, at least, is a gap. */
const QUIET: Micros = 60_000_000

type DeliverOptions = {
  place: Place
  compressed: boolean
  /** Why we could not resume at the exact cursor. */
  reason: GapReason | undefined
  clamped: boolean
}

/**
 * Yields what the hosts send after `options.cursor`, for ever: failures are told to the observer and tried
 * again. At least once: after a reconnection, events may come again. Ends by `break`; rejects with the
 * signal's reason when aborted; both once the socket is closed. Throws at once for a URL that it cannot read.
 */
export function subscribe(options: SubscribeOptions): AsyncGenerator<Delivery, void, undefined> {
  return new Subscription(settingsOf(options), options.cursor).run()
}

class Subscription {
  readonly #settings: Settings
  readonly #dictionaries: Dictionaries
  readonly #route: Route
  readonly #resume: ResumeState
  /** After the last event that the consumer is done with. */
  #cursor: Cursor | undefined
  /** Where to begin while there is no cursor; the live tip when undefined. */
  #start: Micros | undefined
  /** In a row, without anything new. */
  #failures = 0

  constructor(settings: Settings, cursor: Cursor | undefined) {
    this.#settings = settings
    this.#dictionaries = new Dictionaries(settings)
    this.#route = new Route(settings.targets)
    this.#start = settings.start
    // A caller that knew no better may have saved a time to come.
    this.#cursor = cursor && settings.networkClock.place(cursor, undefined)
    this.#resume = new ResumeState(this.#cursor)
  }

  async *run(): AsyncGenerator<Delivery, void, undefined> {
    const { signal, observer, clock, networkClock, backoff, targets, maxFrameBytes } = this.#settings
    for (;;) {
      signal.throwIfAborted()
      const { endpoint } = this.#route
      const { place, wire } = endpoint
      const before = this.#cursor
      const plan = this.#resume.planFor(place)
      const ask = askFrom(before, endpoint, { ...plan, now: networkClock.now(), start: this.#start })
      observer.connecting(place, ask.value)
      networkClock.begin(before?.at)
      const dialled = await dial({
        settings: this.#settings,
        dictionaries: this.#dictionaries,
        endpoint,
        ask,
        maxMessageBytes: plan.skipsOversized ? maxFrameBytes : undefined,
        dialTimeoutMs: dialTimeoutMs(this.#failures, targets.length),
      })
      const { connection, compressed } = dialled
      const openedMs = clock.monotonic()
      const clamped = mayBeClamped(ask, wire, networkClock.now())
      const ending =
        connection === undefined
          ? dialled.ending
          : yield* this.#deliver(connection, { place, compressed, reason: plan.reason, clamped })
      signal.throwIfAborted()
      observer.disconnected(place, ending)
      // A connection counts when it brought something new and lasted, or lasted long.
      const moved = this.#cursor !== undefined && isPast(this.#cursor, before)
      const lasted = clock.monotonic() - openedMs >= (moved ? backoff.baseMs : backoff.maxMs)
      const recovery = recoveryFrom(ending, {
        healthy: connection !== undefined && lasted,
        compressed,
        exact: ask.exact,
        otherWireLeft: this.#route.otherWireLeft,
        oversizedTimes: this.#resume.oversizedTimes,
        dictionaryRenewable: this.#dictionaries.isRenewable(endpoint),
        failures: this.#failures,
        hosts: targets.length,
        backoff,
      })
      this.#resume.learn(recovery.finding, place)
      this.#dictionaries.apply(recovery.dictionary, place)
      this.#route.follow(recovery.step)
      this.#failures = recovery.failures
      const ms = jittered(recovery.maxWaitMs, backoff.random)
      if (ms > 0) {
        observer.waiting(ms, this.#failures)
        await pause(clock, ms, signal)
      }
    }
  }

  /** Hands over what comes, to the end of the connection. */
  async *#deliver(
    opened: Connection,
    { place, compressed, reason: planned, clamped }: DeliverOptions,
  ): AsyncGenerator<Delivery, Ending, undefined> {
    await using connection = opened
    this.#settings.observer.connected({ ...place, compressed })
    this.#dictionaries.reportFailure(place)
    // From here on nothing is to be missed, however long it takes until something comes.
    this.#start ??= this.#settings.networkClock.now() - REWIND
    let first = true
    for (;;) {
      const chunk = await connection.next()
      if (chunk === 'quiet') {
        yield { events: [], cursor: this.#cursor, bytes: 0, gaps: [], quiet: true }
        continue
      }
      if ('kind' in chunk) return chunk
      const reason = first ? (planned ?? connection.notice ?? (clamped ? 'clamped' : undefined)) : undefined
      if (first && compressed) this.#dictionaries.accept(place)
      first = false
      const cursor = cursorAfter(chunk, place, this.#cursor) ?? this.#cursor
      const gaps = this.#gapsBefore(chunk, place, reason)
      yield { events: chunk.events, cursor, bytes: chunk.bytes, gaps, quiet: false }
      this.#cursor = cursor
      this.#resume.reached(cursor)
    }
  }

  /** A suspicion comes true only when the host began later than we had been. */
  #gapsBefore(chunk: Chunk, { host, wire }: Place, reason: GapReason | undefined): Gap[] {
    const from = this.#cursor?.at
    if (reason === undefined || from === undefined) return []
    if (chunk.firstAt <= (reason === 'clamped' ? from + QUIET : from)) return []
    const gap: Gap = { host, wire, from, to: chunk.firstAt, reason }
    this.#settings.observer.gap(gap)
    return [gap]
  }
}

/**
 * The place after `chunk`. Its time never goes back: what a rewound replay brings again has been delivered,
 * so that one failover after another does not lead further and further into the past.
 */
function cursorAfter({ reached }: Chunk, { host, wire }: Place, before: Cursor | undefined) {
  return reached && { host, wire, value: reached.value, at: Math.max(reached.at, before?.at ?? 0) }
}
