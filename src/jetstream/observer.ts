import type { Micros, WireName } from '../atproto/event.ts'

/** A host together with the wire spoken there. */
export type Place = { host: string; wire: WireName }

/**
 * Why something may be missing: the host kept less than we asked for and refused (`cursor-too-old`),
 * said so (`outdated-cursor`) or may have said nothing (`clamped`, which can only be suspected), it no longer knows our place
 * (`cursor-lost`), or a frame too large to take had to be stepped over (`oversized`).
 */
export type GapReason = 'cursor-too-old' | 'outdated-cursor' | 'clamped' | 'cursor-lost' | 'oversized'

/** A stretch of the stream that may not have reached us. */
export type Gap = Place & {
  /** The last event that had been delivered. */
  from: Micros
  /** The first event that the host sent. */
  to: Micros | undefined
  reason: GapReason
}

/**
 * Why a frame was skipped; few and fixed, so that they can label a metric. `unknown` is a kind of frame or operation that
 * is newer than this program.
 */
export type MalformedReason =
  | 'unknown'
  | 'json'
  | 'shape'
  | 'did'
  | 'time'
  | 'seq'
  | 'commit'
  | 'identity'
  | 'account'
  | 'sync'
  | 'binary'
  | 'zstd'
  | 'oversized'

/** How an attempt or a connection ended. */
export type Ending =
  | { kind: 'unreachable'; message: string }
  /** The upgrade was answered with something else; `error` is the XRPC error's name, on wires that are XRPC. */
  | { kind: 'refused'; status: number; error: string | undefined; message: string }
  | { kind: 'closed'; code: number; message: string }
  /** The server said why, in its last frame. */
  | { kind: 'error-frame'; error: string; message: string }
  | { kind: 'silent'; message: string }
  | { kind: 'oversized'; message: string }
  | { kind: 'cursor-lost'; message: string }
  | { kind: 'undecodable'; message: string }

/** What a log and metrics can hear of. Called synchronously and must not throw. */
export type StreamObserver = {
  /** `cursor` is what will be asked for: a sequence number, microseconds, or nothing for the live tip. */
  connecting(place: Place, cursor: number | undefined): void
  connected(place: Place & { compressed: boolean }): void
  disconnected(place: Place, ending: Ending): void
  /** The next attempt comes in `ms`, after `failures` in a row that brought nothing new. */
  waiting(ms: number, failures: number): void
  malformed(place: Place, reason: MalformedReason): void
  /**
   * An event claimed to be from a time to come, and was dated by its neighbours. `ahead` is how far the stream is known to
   * be ahead of this machine's clock, in microseconds; 0 where the event alone is wrong.
   */
  misdated(place: Place, ahead: Micros): void
  gap(gap: Gap): void
  /** What was read and not yet taken has reached the mark: the socket is not read until half is left. */
  paused(place: Place): void
  resumed(place: Place): void
  /** Compression was wanted and offered, and cannot be had. */
  uncompressed(place: Place, reason: string): void
}

/** Hears everything and says nothing. */
export const silentObserver: StreamObserver = {
  connecting: () => {},
  connected: () => {},
  disconnected: () => {},
  waiting: () => {},
  malformed: () => {},
  misdated: () => {},
  gap: () => {},
  paused: () => {},
  resumed: () => {},
  uncompressed: () => {},
}
