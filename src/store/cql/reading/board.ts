// The leaderboards, joined from the top characters of every shard. It ends where a shard has left out characters with as
// much. Equals are ordered by DID.
import type { Did } from '../../../atproto/event.ts'
import type { PeriodBoard } from '../../../game/boards.ts'
import { type Board, ranked } from '../../board.ts'
import { KEPT_PERIODS } from '../../period-boards.ts'
import type { XpCount } from '../../store.ts'
import { NOBODY_LEFT_OUT } from '../../top.ts'
import type { Session } from '../driver/session.ts'
import { numberOf } from '../driver/values.ts'

const BOARDS = 'SELECT period, above FROM period_boards WHERE shard = ? AND kind = ?'
const PLACES = 'SELECT did, earned FROM period_places WHERE shard = ? AND kind = ? AND period = ?'
const STANDINGS = 'SELECT experience, characters FROM standings WHERE shard = ?'

/** Reads the parts of all shards at nearly one moment. */
export async function readBoard(session: Session, shards: number): Promise<Board<Did>> {
  const parts = await Promise.all(
    Array.from({ length: shards }, async (_, shard) => {
      const [totals, board] = await Promise.all([
        session.readForDisplay('SELECT board_above FROM books WHERE shard = ?', [shard]),
        session.readForDisplay('SELECT did, experience FROM board WHERE shard = ?', [shard]),
      ])
      return { above: numberOf(totals[0]?.board_above ?? NOBODY_LEFT_OUT), board }
    }),
  )
  const above = Math.max(...parts.map((part) => part.above))
  const places = parts
    .flatMap(({ board }) => board)
    .map((row) => ({ key: row.did as Did, experience: numberOf(row.experience) }))
    .filter(({ experience }) => experience >= above)
  return ranked(places)
}

/**
 * Reads the board of a week or month; `undefined` where no shard has it any more. Shards drop old boards when they begin
 * new ones, some earlier than others.
 */
export async function readPeriodBoard(
  session: Session,
  shards: number,
  { kind, period }: PeriodBoard,
): Promise<Board<Did> | undefined> {
  const parts = await Promise.all(
    Array.from({ length: shards }, async (_, shard) => {
      const [boards, places] = await Promise.all([
        session.readForDisplay(BOARDS, [shard, kind]),
        session.readForDisplay(PLACES, [shard, kind, period]),
      ])
      const board = boards.find((each) => numberOf(each.period) === period)
      const newest = Math.max(...boards.map((each) => numberOf(each.period)))
      return { above: board && numberOf(board.above), newest, places }
    }),
  )
  const newest = Math.max(...parts.map((part) => part.newest))
  const aboves = parts.map((part) => part.above).filter((above) => above !== undefined)
  if (aboves.length === 0 || period < newest - KEPT_PERIODS[kind]) return undefined
  const above = Math.max(...aboves)
  const places = parts
    .flatMap((part) => part.places)
    .map((row) => ({ key: row.did as Did, experience: numberOf(row.earned) }))
    .filter(({ experience }) => experience >= above)
  return ranked(places)
}

/** Reads how many shown characters have each amount of XP, greatest first: hundreds of thousands for a whole network. */
export async function readXpHistogram(session: Session, shards: number): Promise<XpCount[]> {
  const sums = new Map<number, number>()
  // Page after page, so that another request never waits behind more than one of them.
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
