import type { Micros, WireName } from '../atproto/event.ts'

/** A host together with the wire spoken there. */
export type Place = { host: string; wire: WireName }

/**
 * Why events may be missing. Where the host no longer keeps our place, it refuses (`cursor-too-old`), says that it
 * begins later (`outdated-cursor`), or begins later silently (`clamped`, which we can only suspect). It may not know
 * our place at all (`cursor-lost`), or we stepped past a frame too large to take (`oversized`).
 */
export const GAP_REASONS = [
  'cursor-too-old',
  'outdated-cursor',
  'clamped',
  'cursor-lost',
  'oversized',
] as const
export type GapReason = (typeof GAP_REASONS)[number]

/** A stretch of the stream that may not have reached us. */
export type Gap = Place & {
  /** Time of the last event delivered before it. */
  from: Micros
  /** Time of the first event that the host sent after it. */
  to: Micros | undefined
  reason: GapReason
}

/**
 * Why a frame was skipped: few fixed values, since they label a metric. `unknown` is a kind of frame or operation newer
 * than this program.
 */
export const MALFORMED_REASONS = [
  'unknown',
  'json',
  'shape',
  'did',
  'time',
  'seq',
  'commit',
  'identity',
  'account',
  'sync',
  'binary',
  'zstd',
  'oversized',
] as const
export type MalformedReason = (typeof MALFORMED_REASONS)[number]

/** How an attempt or a connection ended. */
export type Ending =
  | { kind: 'unreachable'; message: string }
  /** The host answered the upgrade with this HTTP status; `error` is the XRPC error's name, on wires that are XRPC. */
  | { kind: 'refused'; status: number; error: string | undefined; message: string }
  | { kind: 'closed'; code: number; message: string }
  /** The server said why, in its last frame. */
  | { kind: 'error-frame'; error: string; message: string }
  | { kind: 'silent'; message: string }
  | { kind: 'oversized'; message: string }
  | { kind: 'cursor-lost'; message: string }
  | { kind: 'undecodable'; message: string }

/** Receives what logs and metrics report. Its methods are called synchronously and must not throw. */
export type StreamObserver = {
  /** `cursor` is the one to request: a sequence number, a time in microseconds, or undefined for the live tip. */
  connecting(place: Place, cursor: number | undefined): void
  connected(place: Place & { compressed: boolean }): void
  disconnected(place: Place, ending: Ending): void
  /** The next attempt begins in `ms` milliseconds, after `failures` in a row that brought nothing new. */
  waiting(ms: number, failures: number): void
  malformed(place: Place, reason: MalformedReason): void
  /**
   * An event claimed a time in the future and was dated by its neighbour. `ahead` is how far the network is known to be
   * ahead of this machine's clock, in microseconds; 0 where only the event is wrong.
   */
  misdated(place: Place, ahead: Micros): void
  gap(gap: Gap): void
  /** The queue has reached `highWaterBytes`: the socket is not read until less than half is left. */
  paused(place: Place): void
  resumed(place: Place): void
  /** Frames come uncompressed although we wanted compression; `reason` says why. */
  uncompressed(place: Place, reason: string): void
}

/** Ignores everything. */
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
