import type { DatabaseSync } from 'node:sqlite'
import { daysIn, type PeriodBoard } from '../../game/boards.ts'
import { standingsOf } from '../../game/decide/standings.ts'
import { SHOWN } from '../visibility.ts'
import { readCounts } from './counts.ts'
import type { Names } from './names.ts'

const SHOWN_DAYS = `
  SELECT d.actor, d.day, d.experience, d.counts FROM days d JOIN actors a ON a.id = d.actor
    WHERE a.standing = ${SHOWN} AND d.day >= ?1 AND d.day < ?2
  UNION ALL SELECT id, running_day, running_xp, running_counts FROM actors
    WHERE standing = ${SHOWN} AND running_day >= ?1 AND running_day < ?2`

/** The `limit` characters with most in a period, by the days of everybody who is shown. */
export function topOf(db: DatabaseSync, names: Names, board: PeriodBoard, limit: number): [number, number][] {
  const { from, to } = daysIn(board)
  const earned = new Map<number, number>()
  for (const { actor, day, experience, counts } of db.prepare(SHOWN_DAYS).iterate(from, to)) {
    const tally = {
      day: Number(day),
      experience: Number(experience),
      claimed: 0,
      counts: readCounts(String(counts), (id) => names.reason(id)),
    }
    const standing = standingsOf([tally]).find(({ kind }) => kind === board.kind)
    if (standing === undefined) continue
    earned.set(Number(actor), (earned.get(Number(actor)) ?? 0) + standing.earned)
  }
  return [...earned].sort(([, a], [, b]) => b - a).slice(0, limit)
}
