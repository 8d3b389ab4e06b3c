import type { Cursor, Micros } from '../../atproto/event.ts'
import type { Place } from '../observer.ts'
import { TIME_CURSORS, type Wire } from '../wires/wire.ts'

export type AskOptions = { steps: number; byTime: boolean; now: Micros; start: Micros | undefined }

/** What is asked of an endpoint; `exact` when it is our very place there and not a time near it. */
export type Ask = { value: number | undefined; exact: boolean }

/** How far to go back where only the time of our place can be used: hosts witness at different times. */
export const REWIND: Micros = 10_000_000

/** So much before a host may forget, its forgetting is suspected already. */
const MARGIN: Micros = 3_600_000_000

/**
 * The cursor to ask an endpoint for, having been at `cursor`. `steps` steps past it, each doubling the way;
 * `byTime` when the host has said that it does not know our place. A time to come is never asked for: hosts take it for
 * the live tip, and what came between would be missed without a word.
 *
 * Without a cursor it is `start`, a time, or the live tip where that is undefined.
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

/** A time as a host takes it: never one to come, nor one so early that it would be read as a sequence number. */
function timeCursor(at: Micros, now: Micros): number {
  return Math.max(TIME_CURSORS, Math.floor(Math.min(at, now)))
}

/** True when a host may silently have begun later than asked. */
export function mayBeClamped(ask: Ask, wire: Pick<Wire, 'silentClampAfter'>, now: Micros): boolean {
  const { silentClampAfter } = wire
  return (
    silentClampAfter !== undefined && ask.value !== undefined && now - ask.value > silentClampAfter - MARGIN
  )
}

/** True when `cursor` belongs to this host and wire. One of a wire that we do not know belongs to none of ours. */
function isAt(cursor: Cursor, place: Place): boolean {
  return cursor.host === place.host && cursor.wire === place.wire
}

/** True when `next` is further than `cursor` was: by its own numbers where they compare, else by time. */
export function isPast(next: Cursor, cursor: Cursor | undefined): boolean {
  if (cursor === undefined) return true
  return isAt(next, cursor) ? next.value > cursor.value : next.at > cursor.at
}
