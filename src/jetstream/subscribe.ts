// The Jetstream client: whatever host and wire, one stream of events with their cursor. Here: the loop that
// dials, delivers and fails over. What to ask is in cursor.ts and hosts.ts, what to do after a failure in
// backoff.ts, a socket's queue in connection.ts. Nothing here knows a rule or a store.
import type { Cursor, Micros, StreamEvent } from '../atproto/event.ts'
import { dialMs, stepAfter, waitBefore } from './backoff.ts'
import { pause } from './clock.ts'
import type { Chunk, Connection } from './connection.ts'
import { type Ask, askFrom, isPast, mayBeClamped } from './cursor.ts'
import { dial } from './dial.ts'
import { Dictionaries } from './dictionaries.ts'
import type { Endpoint } from './hosts.ts'
import type { Ending, Gap, GapReason } from './observer.ts'
import { type Settings, type SubscribeOptions, settingsOf } from './options.ts'
import { Route } from './route.ts'

export type { Ending, Gap, GapReason, MalformedReason, Place, StreamObserver } from './observer.ts'
export { silentObserver } from './observer.ts'
export type { SubscribeOptions } from './options.ts'

export type Delivery = {
  /** In the order of the wire. Empty when everything that came was filtered out here. */
  events: StreamEvent[]
  /** The place after the last of them. May be saved once the next delivery is asked for. */
  cursor: Cursor | undefined
  /** Received on the wire, in bytes. */
  bytes: number
  /** What may be missing before the first of `events`. */
  gaps: Gap[]
}

/** A first event later than asked for by more than this is a gap, where the host may have clamped the cursor. */
const CLAMPED: Micros = 60_000_000

/**
 * Yields what the hosts send from `options.cursor` on, for ever: failures are told to the observer and
 * retried. At least once: after a reconnection, events may come again. Ends by `break`; rejects with the
 * signal's reason when aborted; both after the socket is closed. Throws at once for a URL that it cannot read.
 */
export function subscribe(options: SubscribeOptions): AsyncGenerator<Delivery, void, undefined> {
  return stream(settingsOf(options), options.cursor)
}

async function* stream(
  settings: Settings,
  start: Cursor | undefined,
): AsyncGenerator<Delivery, void, undefined> {
  const { signal, observer, clock, backoff, targets, limits } = settings
  const dictionaries = new Dictionaries(settings)
  const route = new Route(targets)
  let cursor = start
  let failures = 0
  for (;;) {
    signal.throwIfAborted()
    const { endpoint, oversizedTimes } = route
    const from = cursor
    // v1 can be told to leave large messages out; only where that does not help they have to be stepped over.
    const steps = endpoint.wire === 'v1' ? Math.max(0, oversizedTimes - 1) : oversizedTimes
    const ask = askFrom(from, endpoint, { steps, byTime: route.isLost(endpoint) })
    const largest = oversizedTimes > 0 ? limits.maxFrameBytes : undefined
    const openedMs = clock.now()
    observer.connecting(endpoint, ask.value)
    const withinMs = dialMs(failures, targets.length)
    const dialled = await dial({ settings, dictionaries, endpoint, ask, largest, withinMs })
    let ending: Ending
    if ('connection' in dialled) {
      dictionaries.accept(endpoint)
      await using connection = dialled.connection
      for await (const chunk of chunksOf(connection)) {
        const reached = { host: endpoint.host, wire: endpoint.wire, value: chunk.value, at: chunk.at }
        const reason =
          cursor === from ? suspicionOf(route, connection, ask, endpoint, chunk, openedMs) : undefined
        const gaps = reason === undefined ? [] : [gapOf(reason, from, endpoint, chunk)]
        for (const gap of gaps) observer.gap(gap)
        yield { events: chunk.events, cursor: reached, bytes: chunk.bytes, gaps }
        // Asked for the next: what was given is in good hands.
        cursor = reached
        route.arrive()
      }
      ending = connection.ending ?? { kind: 'closed', code: 1006, message: 'the connection was lost' }
    } else {
      ending = dialled.ending
    }
    observer.disconnected(endpoint, ending)

    const moved = cursor !== undefined && cursor !== from && isPast(cursor, from)
    const healthy = moved && clock.now() - openedMs >= backoff.baseMs
    failures = healthy ? 1 : failures + 1
    learn(route, dictionaries, endpoint, ending, dialled.compressed)
    const step = stepAfter(ending, {
      healthy,
      compressed: dialled.compressed,
      exact: ask.exact,
      olderWireLeft: route.olderWireLeft,
      oversizedTimes: route.oversizedTimes,
    })
    if (step === 'other-wire') route.takeOlderWire()
    if (step === 'next') route.takeNextHost()
    const waitMs = waitBefore(step, failures, targets.length, backoff)
    if (waitMs > 0) {
      observer.waiting(waitMs, failures)
      await pause(clock, waitMs, signal)
    }
  }
}

async function* chunksOf(connection: Connection): AsyncGenerator<Chunk, void, undefined> {
  for (let chunk = await connection.next(); chunk !== undefined; chunk = await connection.next()) yield chunk
}

/** Remembers what `ending` says of compression, and of our place at that endpoint. */
function learn(
  route: Route,
  dictionaries: Dictionaries,
  endpoint: Endpoint,
  ending: Ending,
  compressed: boolean,
): void {
  switch (ending.kind) {
    case 'refused':
      if (ending.status !== 400) break
      if (ending.error === 'CursorTooOld') route.lose(endpoint, 'cursor-too-old')
      else if (ending.error === 'UnknownZstdDictionary') dictionaries.retire(endpoint)
      else if (compressed) dictionaries.refuse(endpoint, `the host answered 400: ${ending.message}`)
      break
    case 'cursor-lost':
      route.lose(endpoint, 'cursor-lost')
      break
    case 'undecodable':
      if (endpoint.wire === 'v2') dictionaries.retire(endpoint)
      else dictionaries.refuse(endpoint, ending.message)
      break
    case 'oversized':
      route.meetOversized()
      break
    case 'unreachable':
    case 'closed':
    case 'error-frame':
    case 'silent':
      break
  }
}

/** What may be missing before the first chunk of a connection. */
function suspicionOf(
  route: Route,
  connection: Connection,
  ask: Ask,
  endpoint: Endpoint,
  chunk: Chunk,
  openedMs: number,
): GapReason | undefined {
  const reason = route.suspicion ?? connection.notice
  if (reason !== undefined) return reason
  const late = ask.value !== undefined && chunk.firstAt - ask.value > CLAMPED
  return late && mayBeClamped(ask, endpoint, openedMs) ? 'clamped' : undefined
}

function gapOf(reason: GapReason, from: Cursor | undefined, { host, wire }: Endpoint, chunk: Chunk): Gap {
  return { host, wire, from: from?.at ?? chunk.firstAt, to: chunk.firstAt, reason }
}
