import type { Cursor, Micros } from '../../atproto/event.ts'
import type { Place } from '../observer.ts'
import { TIME_CURSORS, type Wire } from '../wires/wire.ts'

export type AskOptions = { steps: number; byTime: boolean; now: Micros; start: Micros | undefined }

/** The cursor to request; `exact` where it is our own place at that endpoint, not a time near it. */
export type Ask = { value: number | undefined; exact: boolean }

/** How far to rewind where only the time of our place can be used: hosts witness the same event at different times. */
export const REWIND: Micros = 10_000_000

/** A cursor this close to the age at which hosts may clamp it counts as possibly clamped. */
const MARGIN: Micros = 3_600_000_000

/**
 * Which cursor to request to resume at `cursor`: its number where this endpoint issued it, else its time, rewound.
 * Without a cursor it is the time `start`, or the live tip where that is undefined.
 *
 * `steps` go past a frame that cannot be taken, each doubling the distance. `byTime` avoids a number at which the
 * host has said that it cannot resume. A time in the future is never requested: hosts take it for the live tip, and we
 * would silently miss everything before that.
 */
export function askFrom(
  cursor: Cursor | undefined,
  { place, wire }: { place: Place; wire: Pick<Wire, 'step'> },
  { steps, byTime, now, start }: AskOptions,
): Ask {
  if (cursor === undefined)
    return { value: start === undefined ? undefined : timeCursor(start, now), exact: false }
  if (isAt(cursor, place) && !byTime) {
    const past = steps === 0 ? 0 : wire.step * 2 ** Math.min(steps - 1, 30)
    return { value: cursor.value + past, exact: true }
  }
  return { value: timeCursor(Math.min(cursor.at, now) - REWIND, now), exact: false }
}

/** Clamps `at` to times that hosts accept: not in the future, and not so early that it reads as a sequence number. */
function timeCursor(at: Micros, now: Micros): number {
  return Math.max(TIME_CURSORS, Math.floor(Math.min(at, now)))
}

/** True where the host may have begun later than asked without saying so. */
export function mayBeClamped(ask: Ask, wire: Pick<Wire, 'silentClampAfter'>, now: Micros): boolean {
  const { silentClampAfter } = wire
  return (
    silentClampAfter !== undefined && ask.value !== undefined && now - ask.value > silentClampAfter - MARGIN
  )
}

/** True where this host issued `cursor` on this wire: nowhere else does its number mean the same. */
function isAt(cursor: Cursor, place: Place): boolean {
  return cursor.host === place.host && cursor.wire === place.wire
}

/** True where `next` is further on than `cursor`: by number within one host and wire, else by time. */
export function isPast(next: Cursor, cursor: Cursor | undefined): boolean {
  if (cursor === undefined) return true
  return isAt(next, cursor) ? next.value > cursor.value : next.at > cursor.at
}
