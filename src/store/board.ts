// Pages of the leaderboard, which has only the top characters (see top.ts). Ranks are counted on the board itself: everybody
// with more XP than a character on it is on it, too.
import { InvalidCursorError } from './store.ts'

/** A store's own id of a character. Characters with equal XP are ordered by it. */
type Key = string | number

export type Place<K extends Key> = { key: K; experience: number; rank: number }

/** Most experience first. */
export type Board<K extends Key> = readonly Place<K>[]

export type PlacesPage<K extends Key> = { places: Board<K>; cursor: string | undefined }

/** Puts `places` in order and gives them ranks: 1 + the number of characters with more, so that equals share one. */
export function ranked<K extends Key>(places: readonly Omit<Place<K>, 'rank'>[]): Board<K> {
  let rank = 1
  const ordered = places.toSorted((a, b) => b.experience - a.experience || (a.key < b.key ? -1 : 1))
  return ordered.map(({ key, experience }, index) => {
    if (experience !== ordered[index - 1]?.experience) rank = index + 1
    return { key, experience, rank }
  })
}

/**
 * The page after `cursor`; `readKey` parses the key in it, or returns `undefined` where it cannot.
 * @throws {InvalidCursorError}
 */
export function boardAfter<K extends Key>(
  board: Board<K>,
  { cursor, limit }: { cursor: string | undefined; limit: number },
  readKey: (text: string) => K | undefined,
): PlacesPage<K> {
  if (cursor === undefined) return pageFrom(board, 0, limit)
  const [, digits, text] = /^([0-9a-z]{1,11})-(.{1,2048})$/.exec(cursor) ?? []
  const key = text === undefined ? undefined : readKey(text)
  if (digits === undefined || key === undefined) {
    throw new InvalidCursorError('the cursor is not one of a leaderboard')
  }
  const experience = Number.parseInt(digits, 36)
  const next = board.findIndex(
    (place) => place.experience < experience || (place.experience === experience && place.key > key),
  )
  return pageFrom(board, next === -1 ? board.length : next, limit)
}

/** A page with `key` in its middle; empty where that character is not on the board. */
export function boardAround<K extends Key>(board: Board<K>, key: K, limit: number): PlacesPage<K> {
  const at = board.findIndex((place) => place.key === key)
  if (at === -1) return { places: [], cursor: undefined }
  return pageFrom(board, Math.max(0, at - Math.floor((limit - 1) / 2)), limit)
}

function pageFrom<K extends Key>(board: Board<K>, begin: number, limit: number): PlacesPage<K> {
  const places = board.slice(begin, begin + limit)
  const last = places.at(-1)
  const more = begin + limit < board.length && last !== undefined
  return { places, cursor: more ? `${last.experience.toString(36)}-${last.key}` : undefined }
}
