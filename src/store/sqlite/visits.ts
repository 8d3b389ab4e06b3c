import type { Did } from '@atcute/lexicons/syntax'
import { judgedOf } from '../../game/rule-versions.ts'
import type { Visit } from '../rules.ts'
import { readKinds } from './actor-row.ts'
import { readCounts } from './counts.ts'
import type { Names } from './names.ts'

/** The columns of `actors` that say whether a change of the rules touches somebody. */
export const VISIT_COLUMNS = 'did, kinds, running_counts, earlier_counts'

export type VisitRow = Readonly<Record<string, unknown>>

/** Reads a row of `VISIT_COLUMNS`. */
export function visitOf(row: VisitRow, names: Names): Visit {
  const kinds = readKinds(String(row.kinds), (id) => names.nsid(id))
  const reason = (id: number): string => names.reason(id)
  let records = 0
  for (const { live } of kinds.values()) records += live
  return {
    did: row.did as Did,
    judged: judgedOf(
      {
        earlier: readCounts(String(row.earlier_counts), reason),
        running: {
          day: 0,
          experience: 0,
          claimed: 0,
          counts: readCounts(String(row.running_counts), reason),
        },
      },
      kinds.keys(),
    ),
    records,
  }
}
