import type { Cursor, Did, Nsid, StreamEvent } from '../atproto/event.ts'
import type { Backoff } from './backoff.ts'
import { type Clock, systemClock } from './clock.ts'
import type { ConnectionLimits } from './connection.ts'
import { type Filter, parseTarget, type Target } from './hosts.ts'
import { type StreamObserver, silentObserver } from './observer.ts'

export type SubscribeOptions = {
  /** Servers in the order to try; see `parseTarget` for what a URL may say. */
  hosts: readonly string[]
  /** The place to go on from; the live tip without one. */
  cursor: Cursor | undefined
  collections: readonly Nsid[]
  /** Only these people; everyone when undefined. */
  dids: readonly Did[] | undefined
  /** `auto`: zstd wherever it can be had. */
  compression: 'auto' | 'off'
  /** The bytes of v1's dictionary; without them v1 comes uncompressed. */
  v1Dictionary: Uint8Array | undefined
  observer: StreamObserver
  signal: AbortSignal
  /** Events in one delivery at most. @default 10000 */
  most?: number
  /** How long the first event of a delivery may wait for more, in milliseconds. @default 100 */
  withinMs?: number
  /** Servers ping every 30 s; without any sign of life for so long, the next host is tried. @default 75000 */
  silenceMs?: number
  /** Text read and not yet taken, in bytes, at which the socket is not read any more. @default 8 MiB */
  highWaterBytes?: number
  /** A larger frame is refused and stepped over. @default 8 MiB */
  maxFrameBytes?: number
  /** @default from half a second to a minute */
  backoff?: Backoff
  clock?: Clock
}

/** The options as the loop uses them. */
export type Settings = {
  targets: readonly [Target, ...Target[]]
  filter: Filter
  compression: 'auto' | 'off'
  v1Dictionary: Uint8Array | undefined
  observer: StreamObserver
  signal: AbortSignal
  limits: ConnectionLimits
  backoff: Backoff
  clock: Clock
  wants: (event: StreamEvent) => boolean
}

const BACKOFF: Backoff = { baseMs: 500, maxMs: 60_000, random: Math.random }

/** Fills in the defaults. Throws for a URL that cannot be read, and without any. */
export function settingsOf(options: SubscribeOptions): Settings {
  const { hosts, collections, dids, compression, v1Dictionary, observer = silentObserver, signal } = options
  const [first, ...rest] = hosts.map(parseTarget)
  if (first === undefined) throw new Error('Expected at least one Jetstream URL, got none')
  const people = dids === undefined ? undefined : new Set(dids)
  return {
    targets: [first, ...rest],
    filter: { collections, dids },
    compression,
    v1Dictionary,
    observer,
    signal,
    limits: {
      most: options.most ?? 10_000,
      withinMs: options.withinMs ?? 100,
      silenceMs: options.silenceMs ?? 75_000,
      highWaterBytes: options.highWaterBytes ?? 8 * 2 ** 20,
      maxFrameBytes: options.maxFrameBytes ?? 8 * 2 ** 20,
    },
    backoff: options.backoff ?? BACKOFF,
    clock: options.clock ?? systemClock,
    // A server may not know the filter, or the list may be too long for it.
    wants: people === undefined ? () => true : ({ did }) => people.has(did),
  }
}
