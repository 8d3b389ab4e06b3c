// The Jetstream client: whatever host and wire, one stream of events with their cursor. Here: the loop that
// dials, delivers and fails over. What to ask for is in cursor.ts and hosts.ts, what to do after a failure in
// backoff.ts, a socket's queue in connection.ts. Nothing here knows a rule or a store.
import type { Cursor, StreamEvent } from '../atproto/event.ts'
import { dialMs, stepAfter, waitBefore } from './backoff.ts'
import { pause } from './clock.ts'
import type { Chunk, Connection } from './connection.ts'
import { askFrom, isPast, mayBeClamped } from './cursor.ts'
import { dial } from './dial.ts'
import { Dictionaries } from './dictionaries.ts'
import type { Ending, Gap, GapReason, Place } from './observer.ts'
import { type Settings, type SubscribeOptions, settingsOf } from './options.ts'
import { Route } from './route.ts'
import { Trouble } from './trouble.ts'

export type { Ending, Gap, GapReason, MalformedReason, Place, StreamObserver } from './observer.ts'
export { silentObserver } from './observer.ts'
export type { SubscribeOptions } from './options.ts'

export type Delivery = {
  /** In the order of the wire. Empty when all that came was filtered out on our side. */
  events: StreamEvent[]
  /** The place after the last of them. May be saved once the next delivery is asked for. */
  cursor: Cursor | undefined
  /** Received on the wire since the delivery before, in bytes. */
  bytes: number
  /** What may be missing before the first of `events`. */
  gaps: Gap[]
}

/**
 * Yields what the hosts send after `options.cursor`, for ever: failures are told to the observer and tried
 * again. At least once: after a reconnection, events may come again. Ends by `break`; rejects with the
 * signal's reason when aborted; both once the socket is closed. Throws at once for a URL that it cannot read.
 */
export function subscribe(options: SubscribeOptions): AsyncGenerator<Delivery, void, undefined> {
  return streamOf(settingsOf(options), options.cursor)
}

async function* streamOf(settings: Settings, start: Cursor | undefined): AsyncGenerator<Delivery, void, undefined> {
  const { signal, observer, clock, backoff, targets } = settings
  const dictionaries = new Dictionaries(settings)
  const route = new Route(targets)
  const trouble = new Trouble()
  let cursor = start
  let failures = 0
  for (;;) {
    signal.throwIfAborted()
    const { endpoint } = route
    const detour = trouble.detour(endpoint)
    const ask = askFrom(cursor, endpoint, detour)
    observer.connecting(endpoint, ask.value)
    const dialled = await dial({
      settings,
      dictionaries,
      endpoint,
      ask,
      largest: detour.oversized ? settings.maxFrameBytes : undefined,
      withinMs: dialMs(failures, targets.length),
    })
    const { compressed } = dialled
    const before = cursor
    const openedMs = clock.now()
    if (dialled.connection !== undefined) {
      if (compressed) dictionaries.accept(endpoint)
      observer.connected({ host: endpoint.host, wire: endpoint.wire, compressed })
      const clamped = mayBeClamped(ask, endpoint, openedMs) ? 'clamped' : undefined
      const deliveries = deliver(dialled.connection, endpoint, before, detour.reason, clamped, observer)
      for await (const delivery of deliveries) {
        yield delivery
        cursor = delivery.cursor
        trouble.left(cursor)
      }
    }
    const ending = dialled.ending ?? dialled.connection.ending
    ...
  }
}
