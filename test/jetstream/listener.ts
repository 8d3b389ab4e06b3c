import type { Cursor, StreamEvent } from '../../src/atproto/event.ts'
import {
  type Delivery,
  type Ending,
  type Gap,
  type MalformedReason,
  type StreamObserver,
  type SubscribeOptions,
  subscribe,
} from '../../src/jetstream/subscribe.ts'

/** Records an observer's calls for a test. */
export type Heard = {
  observer: StreamObserver
  asked: { host: string; wire: string; cursor: number | undefined }[]
  connected: { host: string; wire: string; compressed: boolean }[]
  endings: Ending[]
  waits: number[]
  malformed: MalformedReason[]
  /** How far the stream was known to be ahead of our clock, for each event that was dated anew. */
  misdated: number[]
  gaps: Gap[]
  uncompressed: string[]
  pauses: number
  resumes: number
}

/** A clock whose waits end at once. */
const AT_ONCE = { baseMs: 0, maxMs: 0, random: () => 0 }

export function hear(): Heard {
  const heard: Heard = {
    asked: [],
    connected: [],
    endings: [],
    waits: [],
    malformed: [],
    misdated: [],
    gaps: [],
    uncompressed: [],
    pauses: 0,
    resumes: 0,
    observer: {
      connecting: ({ host, wire }, cursor) => heard.asked.push({ host, wire, cursor }),
      connected: (place) => heard.connected.push(place),
      disconnected: (_place, ending) => heard.endings.push(ending),
      waiting: (ms) => heard.waits.push(ms),
      malformed: (_place, reason) => heard.malformed.push(reason),
      misdated: (_place, ahead) => heard.misdated.push(ahead),
      gap: (gap) => heard.gaps.push(gap),
      paused: () => {
        heard.pauses += 1
      },
      resumed: () => {
        heard.resumes += 1
      },
      uncompressed: (_place, reason) => heard.uncompressed.push(reason),
    },
  }
  return heard
}

/** Options that suit most tests, overridden by those given. */
export function optionsWith(
  overrides: Partial<SubscribeOptions> & Pick<SubscribeOptions, 'hosts'>,
): SubscribeOptions {
  return {
    cursor: undefined,
    collections: [],
    dids: undefined,
    compression: 'off',
    userDictionary: undefined,
    observer: hear().observer,
    signal: new AbortController().signal,
    batchWindowMs: 0,
    backoff: AT_ONCE,
    ...overrides,
  }
}

export type Collected = {
  events: StreamEvent[]
  deliveries: Delivery[]
  cursor: Cursor | undefined
  gaps: Gap[]
}

/** Subscribes until `enough` says so after a delivery, then stops as a consumer does, by `break`. */
export async function collect(
  options: SubscribeOptions,
  enough: (collected: Collected) => boolean,
): Promise<Collected> {
  const collected: Collected = { events: [], deliveries: [], cursor: undefined, gaps: [] }
  for await (const delivery of subscribe(options)) {
    collected.deliveries.push(delivery)
    collected.events.push(...delivery.events)
    collected.gaps.push(...delivery.gaps)
    collected.cursor = delivery.cursor
    if (enough(collected)) break
  }
  return collected
}

/** For `collect`: enough at so many events. */
export function events(count: number): (collected: Collected) => boolean {
  return (collected) => collected.events.length >= count
}
