import type { Logger } from 'pino'
import { type Cursor, type Micros, placeInTime, type StreamEvent } from '../atproto/event.ts'
import { iso } from '../game/time.ts'
import type { NetworkClock } from '../jetstream/network-clock.ts'

/**
 * The cursor to resume from: `saved`, or where it lies in the future, an earlier one, with a warning in the log.
 * @param heard when the last heartbeat was written
 */
export function placeToGoOn(
  saved: Cursor | undefined,
  heard: Micros | undefined,
  { networkClock, log }: { networkClock: NetworkClock; log: Logger },
): Cursor | undefined {
  if (saved === undefined) return undefined
  const cursor = networkClock.place(saved, heard)
  if (cursor !== saved) {
    const was = iso(saved.at)
    const is = iso(cursor.at)
    log.warn(
      { saved, cursor },
      `the place in the stream was saved as of ${was}, which lies in the future: an event or this machine's clock was wrong. Resuming at ${is}.`,
    )
  }
  return cursor
}

/** The place right before a stream's first delivery: a time, since no host has given out a cursor for it. */
export function beginningOf(events: readonly StreamEvent[], reached: Cursor): Cursor {
  const at = events.reduce((least, event) => Math.min(least, event.at), reached.at) - 1
  return placeInTime(at)
}
