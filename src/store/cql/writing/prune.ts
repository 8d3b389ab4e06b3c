import type { Did, Micros } from '../../../atproto/event.ts'
import { dayOf, secondsOf } from '../../../game/time.ts'
import { type Expiry, expiredCount } from '../../expired.ts'
import type { Session } from '../driver/session.ts'
import { millisOf, numberOf } from '../driver/values.ts'
import { eventBucket } from '../rows/buckets.ts'
import type { Held } from '../rows/character-row.ts'
import type { Mutation } from '../rows/mutations.ts'
import type { ShardTotals } from '../shards/shard-totals.ts'

/** Somebody's oldest events, to be dropped. */
export type Pruned = { held: Held; gone: number; mutations: Mutation[] }

const OLDEST =
  'SELECT seq, event_at, type, type_seq FROM events WHERE did = ? AND bucket = ? AND seq >= ? ORDER BY seq ASC LIMIT ?'
const DAY = 'SELECT did FROM event_days WHERE shard = ? AND day = ?'

/** Who of a shard had events on `day`. */
export async function whoOn(session: Session, shard: number, day: number): Promise<Did[]> {
  const dids: Did[] = []
  for await (const rows of session.pagesForDecision(DAY, [shard, day]))
    for (const { did } of rows) dids.push(did as Did)
  return dids
}

/** The last day that is of interest for what happened before `before`. */
export function lastDay(before: Micros): number {
  return dayOf(secondsOf(before))
}

/** Plans to drop up to `most` of somebody's events that have expired, from the oldest on. */
export async function prunePerson(
  session: Session,
  held: Held,
  expiry: Expiry,
  most: number,
): Promise<Pruned | undefined> {
  const { did } = held.state
  const last = new Map<string, number>()
  let gone = 0
  let { firstSeq } = held
  while (gone < most && firstSeq <= held.lastSeq) {
    const bucket = eventBucket(firstSeq)
    const rows = await session.readForDecision(OLDEST, [did, bucket, firstSeq, most - gone])
    const count = expiredCount(rows, (row) => millisOf(row.event_at) * 1000, expiry)
    for (const row of rows.slice(0, count)) {
      gone += 1
      firstSeq = numberOf(row.seq) + 1
      last.set(String(row.type), numberOf(row.type_seq))
    }
    if (count < rows.length || rows.length === 0) break
  }
  if (gone === 0) return undefined
  return { gone, ...dropped(held, firstSeq, last) }
}

function dropped(held: Held, firstSeq: number, last: ReadonlyMap<string, number>) {
  const { did } = held.state
  const mutations: Mutation[] = []
  for (let bucket = eventBucket(held.firstSeq); bucket <= eventBucket(firstSeq - 1); bucket++) {
    mutations.push(['dropEventsUpTo', did, bucket, firstSeq - 1])
  }
  const kinds = new Map(held.kinds)
  for (const [nsid, kind] of held.kinds) {
    const seq = last.get(nsid)
    if (seq === undefined) continue
    for (let bucket = eventBucket(kind.firstSeq); bucket <= eventBucket(seq); bucket++) {
      mutations.push(['dropEventsByTypeUpTo', did, nsid, bucket, seq])
    }
    kinds.set(nsid, { ...kind, firstSeq: seq + 1 })
  }
  return { held: { ...held, kinds, firstSeq }, mutations }
}

/** Notes in the totals that nothing is older than `day` any more. */
export function forgetDay(totals: ShardTotals, day: number): Mutation {
  totals.dropDay(day)
  return ['dropEventDay', totals.shard, day]
}
