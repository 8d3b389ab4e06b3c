import type { Did } from '../../../atproto/event.ts'
import type { Tally } from '../../../game/days.ts'
import type { RecordState } from '../../../game/state.ts'
import type { Day } from '../../../game/time.ts'
import type { Touched } from '../../../game/touched.ts'
import { spansToRead } from '../../day-spans.ts'
import type { Session } from '../driver/session.ts'
import type { StoredCharacter } from '../rows/character-row.ts'
import { readDay } from '../rows/day-row.ts'

const WITHIN = 'SELECT * FROM days WHERE did = ? AND day >= ? AND day <= ?'
const ALL = 'SELECT * FROM days WHERE did = ?'

/** What is loaded of people beside their days. */
type People = {
  character: (did: Did) => StoredCharacter | undefined
  /** The records that the batch has loaded of a person. */
  records: (did: Did) => Iterable<RecordState>
}

/** Reads the days that a batch needs: in nearly all cases none. */
export async function readDays(
  session: Session,
  { days, allDays, whole }: Pick<Touched, 'days' | 'allDays' | 'whole'>,
  { character, records }: People,
): Promise<Map<Did, ReadonlyMap<Day, Tally>>> {
  const found = new Map<Did, Map<Day, Tally>>()
  const read = async (did: Did, query: string, ...within: number[]): Promise<void> => {
    const rows = await session.readForDecision(query, [did, ...within])
    const those = found.getOrInsertComputed(did, () => new Map())
    for (const { day, ...tally } of rows.map(readDay)) those.set(day, tally)
  }
  const everything = new Set([...allDays, ...whole])
  const requests: Promise<void>[] = []
  for (const did of everything) {
    // Nobody without earlier records has a stored day.
    if (character(did)?.state.earlier.size) requests.push(read(did, ALL))
  }
  for (const [day, dids] of days) {
    for (const did of dids) {
      const state = character(did)?.state
      if (state === undefined || everything.has(did)) continue
      for (const { first, last } of spansToRead(state, day, records(did)))
        requests.push(read(did, WITHIN, first, last))
    }
  }
  await Promise.all(requests)
  return found
}
