// The Jetstream client: one stream of events with their cursor, whichever host and wire they come from. This file is
// the loop that dials, delivers and fails over; wires/ reads frames, socket/ queues them, and attempts/ decides what to
// request and what to do after a failure. Nothing here knows a rule or a store.
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
  /** In the stream's order. Empty where our own filter left everything out. */
  events: StreamEvent[]
  /** The place after the last of them. Save it no earlier than what the events change. */
  cursor: Cursor | undefined
  /** Bytes received on the wire since the delivery before. */
  bytes: number
  /** Bytes of text that were received and wait for their delivery. */
  queuedBytes: number
  /** What may be missing before `events`. */
  gaps: Gap[]
  /** The host has nothing more to send for now. */
  quiet: boolean
}

/** A suspected clamp is a gap only where the first event is later by more than this: a quiet stream is late, too. */
const QUIET: Micros = 60_000_000

type DeliverOptions = {
  place: Place
  compressed: boolean
  /** Why we could not resume at the exact cursor. */
  reason: GapReason | undefined
  clamped: boolean
}

/**
 * Yields the events after `options.cursor`, for ever: reports failures to the observer and tries again. Delivers at least
 * once: after a reconnection, events may come again. Ends by `break`, or rejects with the signal's reason when aborted,
 * in both cases after the socket has closed. Throws at once for a URL that it cannot read.
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
  /** Attempts in a row that brought nothing new. */
  #failures = 0

  constructor(settings: Settings, cursor: Cursor | undefined) {
    this.#settings = settings
    this.#dictionaries = new Dictionaries(settings)
    this.#route = new Route(settings.targets)
    this.#start = settings.start
    // A caller that shares no network clock with us may have saved a place in the future.
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
      // Healthy: the connection brought something new and lasted, or lasted long without.
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
      const waitMs = jittered(recovery.maxWaitMs, backoff.random)
      if (waitMs > 0) {
        observer.waiting(waitMs, this.#failures)
        await pause(clock, waitMs, signal)
      }
    }
  }

  /** Yields what the connection brings until it ends, and returns how it ended. */
  async *#deliver(
    opened: Connection,
    { place, compressed, reason: planned, clamped }: DeliverOptions,
  ): AsyncGenerator<Delivery, Ending, undefined> {
    await using connection = opened
    this.#settings.observer.connected({ ...place, compressed })
    this.#dictionaries.reportFailure(place)
    // Should the connection end before its first event, there is no cursor yet: the next one must begin here, not at the
    // live tip of its own time.
    this.#start ??= this.#settings.networkClock.now() - REWIND
    let first = true
    for (;;) {
      const chunk = await connection.next()
      if (chunk === 'quiet') {
        yield { events: [], cursor: this.#cursor, bytes: 0, queuedBytes: 0, gaps: [], quiet: true }
        continue
      }
      if ('kind' in chunk) return chunk
      const reason = first ? (planned ?? connection.notice ?? (clamped ? 'clamped' : undefined)) : undefined
      if (first && compressed) this.#dictionaries.accept(place)
      first = false
      const cursor = cursorAfter(chunk, place, this.#cursor) ?? this.#cursor
      const gaps = this.#gapsBefore(chunk, place, reason)
      const { events, bytes, queuedBytes } = chunk
      yield { events, cursor, bytes, queuedBytes, gaps, quiet: false }
      // By asking for more, the consumer has said that it is done with the delivery.
      this.#cursor = cursor
      this.#resume.reached(cursor)
    }
  }

  /** Reports a gap only where the host began later than our place, and clearly later for a clamp that we suspect. */
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
 * The place after `chunk`. Its time never goes back, though a rewound replay repeats older events. Each failover rewinds
 * from there, and one after another would otherwise lead further and further into the past.
 */
function cursorAfter({ reached }: Chunk, { host, wire }: Place, before: Cursor | undefined) {
  return reached && { host, wire, value: reached.value, at: Math.max(reached.at, before?.at ?? 0) }
}
