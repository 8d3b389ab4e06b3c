// The leaderboard: each shard keeps those of its own who are far up, and all of them together make one, as far down as
// every shard knows everybody. Equals go by DID.
import type { Did } from '../../../atproto/event.ts'
import { type Board, ranked } from '../../board.ts'
import type { XpCount } from '../../store.ts'
import type { Session } from '../driver/session.ts'
import { numberOf } from '../driver/values.ts'

const STANDINGS = 'SELECT experience, characters FROM standings WHERE shard = ?'

/** Reads all shards' parts, at one moment or nearly so. */
export async function readBoard(session: Session, shards: number): Promise<Board<Did>> {
  const parts = await Promise.all(
    Array.from({ length: shards }, async (_, shard) => {
      const [books, board] = await Promise.all([
        session.readForDisplay('SELECT board_above FROM books WHERE shard = ?', [shard]),
        session.readForDisplay('SELECT did, experience FROM board WHERE shard = ?', [shard]),
      ])
      return { above: numberOf(books[0]?.board_above ?? -1), board }
    }),
  )
  const above = Math.max(...parts.map((part) => part.above))
  const places = parts
    .flatMap(({ board }) => board)
    .map((row) => ({ key: row.did as Did, experience: numberOf(row.experience) }))
    .filter(({ experience }) => experience >= above)
  return ranked(places)
}

/** Reads how many of all shown characters hold how much, most first: hundreds of thousands of sums for a whole network. */
export async function readXpHistogram(session: Session, shards: number): Promise<XpCount[]> {
  const sums = new Map<number, number>()
  // One after the other, so that whoever is waited for meanwhile waits for one page only.
  for (let shard = 0; shard < shards; shard++) {
    for await (const rows of session.pagesForDisplay(STANDINGS, [shard])) {
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

/** Reads the key of a cursor. */
export function readDid(text: string): Did | undefined {
  return text.startsWith('did:') ? (text as Did) : undefined
}
