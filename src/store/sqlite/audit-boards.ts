import type { DatabaseSync } from 'node:sqlite'
import type { Did } from '@atcute/lexicons/syntax'
import type { DayTally } from '../../game/days.ts'
import { describedIn, standingsOf } from '../../game/decide/standings.ts'
import type { Finding } from '../auditor.ts'
import { PeriodBoardAudit } from '../period-board-audit.ts'
import { SHOWN } from '../visibility.ts'
import { readCounts } from './counts.ts'
import type { Names } from './names.ts'
import { PeriodPlaces } from './period-places.ts'

const PEOPLE = `SELECT id AS actor, did, standing, described,
  running_day AS day, running_xp AS experience, running_counts AS counts FROM actors ORDER BY id`
const DAYS = 'SELECT actor, day, experience, counts FROM days ORDER BY actor, day'
/** People between two turns of the event loop. */
const STRIDE = 100_000

/**
 * Compares all boards of periods with the days of everybody, and the sums by which running ones go; without those people whose
 * days are wrong themselves.
 */
export async function auditBoards(
  db: DatabaseSync,
  names: Names,
  except: ReadonlySet<Did | undefined>,
): Promise<Finding[]> {
  const findings: Finding[] = []
  const boards = new PeriodBoardAudit(new PeriodPlaces(db).all())
  const tallyOf = ({ day, experience, counts }: Record<string, unknown>): DayTally => ({
    day: Number(day),
    experience: Number(experience),
    claimed: 0,
    counts: readCounts(String(counts), (id) => names.reason(id)),
  })
  const days = db.prepare(DAYS).iterate()
  let next = days.next()
  let done = 0
  for (const person of db.prepare(PEOPLE).iterate()) {
    const actor = Number(person.actor)
    const running = tallyOf(person)
    const own = [running]
    for (; !next.done && Number(next.value.actor) <= actor; next = days.next())
      if (Number(next.value.actor) === actor) own.push(tallyOf(next.value))
    const did = person.did as Did
    const shown = person.standing === SHOWN ? standingsOf(own) : []
    const differences = boards.differences(actor, shown)
    if (except.has(did)) continue
    const described = describedIn(own, running.day)
    if (described !== person.described) {
      const what = 'described posts of the month'
      findings.push({ did, what, expected: described, actual: Number(person.described) })
    }
    for (const difference of differences) findings.push({ did, ...difference })
    if (++done % STRIDE === 0) await new Promise(setImmediate)
  }
  if (boards.strays > 0) {
    const what = 'people without a row on boards of periods'
    findings.push({ did: undefined, what, expected: 0, actual: boards.strays })
  }
  return findings
}
