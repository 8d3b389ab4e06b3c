// Which shards a delivery of the stream may move. Shards that change hands are at different places, and a delivery that was
// under way while a shard was taken began after that shard's own place: what lies between has not been folded for it.
import { type Cursor, isReached, placeInTime } from '../../../atproto/event.ts'

/**
 * Where a stream has to begin so that no shard misses anything. Places in one stream are compared by their own numbers. Those in
 * different ones have only times in common, and a worker whose clock is behind dates the first events of a stream too early: so
 * the earliest of the times says where to begin, and not which of the places to go on from.
 */
export function leastOf(cursors: readonly (Cursor | undefined)[]): Cursor | undefined {
  const known = cursors.filter((cursor) => cursor !== undefined)
  const [first] = known
  if (first === undefined) return undefined
  // Their numbers and their times need not grow together: going back further repeats, and loses nothing.
  const at = Math.min(...known.map((cursor) => cursor.at))
  if (!known.every((cursor) => isSameStream(cursor, first))) return placeInTime(at)
  return { ...first, value: Math.min(...known.map(({ value }) => value)), at }
}

/**
 * Whether a delivery that begins right after `from` has everything that a shard at `cursor` does not have yet. Without a
 * cursor the shard has been promised nothing, so any delivery will do; with one it needs a delivery whose beginning
 * is known: by the same host's numbers, or because the stream began at a time. True of all shards for `leastOf` their cursors.
 */
export function isCovered(cursor: Cursor | undefined, from: Cursor | undefined): boolean {
  if (cursor === undefined) return true
  if (from === undefined) return false
  return isSameStream(cursor, from) ? from.value <= cursor.value : !isReached(from) && from.at <= cursor.at
}

/** Where a shard at `cursor` is after a delivery that covers it: a stream that was begun further back does not move it back. */
export function laterOf(cursor: Cursor | undefined, reached: Cursor | undefined): Cursor | undefined {
  if (cursor === undefined || reached === undefined) return reached ?? cursor
  return isSameStream(cursor, reached) && cursor.value > reached.value ? cursor : reached
}

function isSameStream(a: Cursor, b: Cursor): boolean {
  return a.host === b.host && a.wire === b.wire
}
