import type { Did } from '../../../atproto/event.ts'
import { judgedOf } from '../../../game/rule-versions.ts'
import type { Visit } from '../../rules.ts'
import type { Row } from '../driver/paging.ts'
import type { Session } from '../driver/session.ts'
import { readKinds, readRunning } from '../rows/character-row.ts'
import { readCounts } from '../rows/day-row.ts'

const COLUMNS = 'did, kinds, running_counts, earlier_counts, experience, standing, rules, records'
const FIRST = `SELECT ${COLUMNS} FROM characters LIMIT ?`
const NEXT = `SELECT ${COLUMNS} FROM characters WHERE token(did) > token(?) LIMIT ?`

/** The next `limit` people after `after`, in the order of tokens, as a change of the rules sees them. */
export async function readVisits(
  session: Session,
  after: Did | undefined,
  limit: number,
): Promise<{ visit: Visit; row: Row }[]> {
  const rows =
    after === undefined
      ? await session.readForDecision(FIRST, [limit])
      : await session.readForDecision(NEXT, [after, limit])
  return rows.map((row) => ({ visit: visitOf(row), row }))
}

function visitOf(row: Row): Visit {
  const kinds = readKinds(row.kinds)
  let records = 0
  for (const { live } of kinds.values()) records += live
  const judged = judgedOf(
    { earlier: readCounts(row.earlier_counts), running: readRunning(row) },
    kinds.keys(),
  )
  return { did: row.did as Did, judged, records }
}
