import type { Did } from '../../../atproto/event.ts'
import type { Tally } from '../../../game/days.ts'
import type { Day } from '../../../game/time.ts'
import type { Touched } from '../../../game/touched.ts'
import { daysToRead, type LoadedPeople } from '../../day-spans.ts'
import type { Session } from '../driver/session.ts'
import { readDay } from '../rows/day-row.ts'

const WITHIN = 'SELECT * FROM days WHERE did = ? AND day >= ? AND day <= ?'

/** Reads the days that a batch needs: in nearly all cases none. */
export async function readDays(
  session: Session,
  touched: Pick<Touched, 'days' | 'allDays' | 'whole'>,
  people: LoadedPeople,
): Promise<Map<Did, ReadonlyMap<Day, Tally>>> {
  const found = new Map<Did, Map<Day, Tally>>()
  await Promise.all(
    [...daysToRead(touched, people)].map(async ([did, { first, last }]) => {
      const rows = await session.readForDecision(WITHIN, [did, first, last])
      const those = found.getOrInsertComputed(did, () => new Map())
      for (const { day, ...tally } of rows.map(readDay)) those.set(day, tally)
    }),
  )
  return found
}
