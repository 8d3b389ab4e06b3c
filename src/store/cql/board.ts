// The leaderboard: each shard keeps those of its own who are far up, and all of them together make one, as far down as
// every shard knows everybody. Equals go by DID.
import type { Did } from '../../atproto/event.ts'
import { InvalidCursorError, type Standing } from '../store.ts'
import type { Session } from './session.ts'
import { numberOf } from './values.ts'

const STANDINGS = 'SELECT experience, characters FROM standings WHERE shard = ?'

/** Most experience first. */
export type Board = readonly { did: Did; experience: number; rank: number }[]

export type BoardPage = { places: Board; dids: Did[]; cursor: string | undefined }

/** Reads all shards' parts, at one moment or nearly so. */
export async function readBoard(session: Session, shards: number): Promise<Board> {
  const parts = await Promise.all(
    Array.from({ length: shards }, async (_, shard) => {
      const [books, board] = await Promise.all([
        session.glance('SELECT board_above FROM books WHERE shard = ?', [shard]),
        session.glance('SELECT did, experience FROM board WHERE shard = ?', [shard]),
      ])
      return { above: numberOf(books[0]?.board_above ?? -1), board }
    }),
  )
  const above = Math.max(...parts.map((part) => part.above))
  const places = parts
    .flatMap(({ board }) => board)
    .map((row) => ({ did: row.did as Did, experience: numberOf(row.experience) }))
    .filter(({ experience }) => experience > above)
    .sort((a, b) => b.experience - a.experience || (a.did < b.did ? -1 : 1))
  return ranked(places)
}

/** Reads how many of all shown characters hold how much, most first: hundreds of thousands of sums for a whole network. */
export async function readStandings(session: Session, shards: number): Promise<Standing[]> {
  const sums = new Map<number, number>()
  // One after the other, so that whoever is waited for meanwhile waits for one page only.
  for (let shard = 0; shard < shards; shard++) {
    for await (const rows of session.glances(STANDINGS, [shard])) {
      for (const row of rows) {
        const experience = numberOf(row.experience)
        sums.set(experience, (sums.get(experience) ?? 0) + numberOf(row.characters))
      }
    }
  }
  const experiences = Float64Array.from(sums.keys()).sort().reverse()
  return Array.from(experiences, (experience) => ({
    experience,
    characters: sums.get(experience) ?? 0,
  })).filter(({ characters }) => characters > 0)
}

/** The page after `cursor`. */
export function boardAfter(places: Board, cursor: string | undefined, limit: number): BoardPage {
  if (cursor === undefined) return pageFrom(places, 0, limit)
  const place = readCursor(cursor)
  const next = places.findIndex(
    ({ did, experience }) =>
      experience < place.experience || (experience === place.experience && did > place.did),
  )
  return pageFrom(places, next === -1 ? places.length : next, limit)
}

/** A page with `did` in its middle; empty where they are too far down. */
export function boardAround(places: Board, around: Did, limit: number): BoardPage {
  const at = places.findIndex(({ did }) => did === around)
  if (at === -1) return { places: [], dids: [], cursor: undefined }
  return pageFrom(places, Math.max(0, at - Math.floor((limit - 1) / 2)), limit)
}

function pageFrom(all: Board, begin: number, limit: number): BoardPage {
  const places = all.slice(begin, begin + limit)
  const last = places.at(-1)
  const more = begin + limit < all.length && last !== undefined
  return {
    places,
    dids: places.map(({ did }) => did),
    cursor: more ? `${last.experience.toString(36)}-${last.did}` : undefined,
  }
}

/** Equals share a rank: 1 + the number of characters with more. All who have more are on the board, too. */
function ranked(places: readonly { did: Did; experience: number }[]): Board {
  let rank = 1
  return places.map((place, index) => {
    if (place.experience !== places[index - 1]?.experience) rank = index + 1
    return { ...place, rank }
  })
}

function readCursor(cursor: string): { experience: number; did: string } {
  const [, experience, did] = /^([0-9a-z]{1,11})-(did:.{1,2048})$/.exec(cursor) ?? []
  if (experience === undefined || did === undefined) {
    throw new InvalidCursorError('the cursor is not one of a leaderboard')
  }
  return { experience: Number.parseInt(experience, 36), did }
}
