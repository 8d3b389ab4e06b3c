import type { Cursor, Did, Micros, Nsid, StreamEvent } from '../atproto/event.ts'
import type { Backoff } from './attempts/backoff.ts'
import type { Compression } from './attempts/dictionaries.ts'
import { type Filter, parseTarget, type Target } from './attempts/hosts.ts'
import { type Clock, systemClock } from './clock.ts'
import { type Limits, limitsOf } from './limits.ts'
import { NetworkClock } from './network-clock.ts'
import type { StreamObserver } from './observer.ts'
import { TIME_CURSORS, type WireList } from './wires/wire.ts'

export type SubscribeOptions = Partial<Limits> & {
  /**
   * URLs in order of preference. `wss://host` uses the best wire that the host speaks; a wire's path fixes that wire.
   * `ws://` for hosts without TLS.
   */
  hosts: readonly string[]
  /** The wires to choose from, best first. Default: all that are built in. */
  wires?: WireList
  /** The place to resume at; undefined to begin at `start`. */
  cursor: Cursor | undefined
  /**
   * Where to begin without a cursor: at the live tip, with the oldest event that a host keeps, or at a time. Hosts may
   * begin some minutes before the time. Default `tip`.
   */
  start?: Start
  /** Commits in other collections are left out; empty means every collection. */
  collections: readonly Nsid[]
  /** Events of other people are left out; undefined means everyone. */
  dids: readonly Did[] | undefined
  compression: Compression
  /** The zstd dictionary for wires whose hosts serve none; without it, frames come uncompressed there. */
  userDictionary: Uint8Array | undefined
  observer: StreamObserver
  signal: AbortSignal
  /** Waits between attempts. Default: half a second at first, a minute at most. */
  backoff?: Backoff
  /** Default: the system's. */
  clock?: Clock
  /** Decides which times in frames to believe. Default: a new one for this stream. */
  networkClock?: NetworkClock
}

export type Start = 'tip' | 'oldest' | Micros

/** The options with every default filled in and every URL read. */
export type Settings = Limits & {
  targets: readonly [Target, ...Target[]]
  /** A time; the live tip when undefined. */
  start: Micros | undefined
  filter: Filter
  wants: (event: StreamEvent) => boolean
  compression: Compression
  userDictionary: Uint8Array | undefined
  observer: StreamObserver
  signal: AbortSignal
  backoff: Backoff
  clock: Clock
  networkClock: NetworkClock
}

/** Throws when there is no host, or a URL cannot be read. */
export function settingsOf(options: SubscribeOptions): Settings {
  const clock = options.clock ?? systemClock
  const { hosts, collections, dids, compression, userDictionary, observer, signal } = options
  const [first, ...others] = hosts.map((url) => parseTarget(url, options.wires))
  if (first === undefined) throw new Error('Expected at least one Jetstream URL, got none')
  return {
    targets: [first, ...others],
    start: startOf(options.start ?? 'tip'),
    filter: { collections, dids },
    wants: wantsOf(collections, dids),
    compression,
    userDictionary,
    observer,
    signal,
    ...limitsOf(options),
    backoff: options.backoff ?? { baseMs: 500, maxMs: 60_000, random: Math.random },
    clock,
    networkClock: options.networkClock ?? new NetworkClock(clock),
  }
}

/** The time to request; undefined for the live tip. `oldest` is the smallest time: hosts begin with what they keep. */
export function startOf(start: Start): Micros | undefined {
  if (start === 'tip') return undefined
  return start === 'oldest' ? TIME_CURSORS : start
}

/** Filters again on our side: hosts limit the length of the lists, and may ignore them. */
function wantsOf(collections: readonly Nsid[], dids: readonly Did[] | undefined): Settings['wants'] {
  const wanted = new Set<string>(collections)
  const people = dids === undefined ? undefined : new Set<string>(dids)
  return (event) => {
    if (people !== undefined && !people.has(event.did)) return false
    return event.kind !== 'commit' || wanted.size === 0 || wanted.has(event.collection)
  }
}
