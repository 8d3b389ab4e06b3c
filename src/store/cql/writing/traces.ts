// The rows of other partitions that name a person, which a purge has to find.
import type { Did } from '../../../atproto/event.ts'
import { parseUri } from '../../../atproto/uri.ts'
import { dayOf, secondsOf } from '../../../game/time.ts'
import type { Session } from '../driver/session.ts'
import { millisOf } from '../driver/values.ts'
import { allRecordBuckets, eventBuckets, mentionBucket } from '../rows/buckets.ts'
import type { StoredCharacter } from '../rows/character-row.ts'
import type { Mutation } from '../rows/mutations.ts'

const SUBJECTS = 'SELECT subject FROM records WHERE did = ? AND bucket = ?'
const TIMES = 'SELECT event_at FROM events WHERE did = ? AND bucket = ?'

/** Drops the rows of `mentions` and `event_days` that a person's records and events have led to. */
export async function tracesOf(
  session: Session,
  shard: number,
  character: StoredCharacter,
): Promise<Mutation[]> {
  const { did } = character.state
  const subjects = new Set<Did>()
  for (const bucket of allRecordBuckets(character.records)) {
    for await (const rows of session.pagesForDecision(SUBJECTS, [did, bucket])) {
      for (const { subject } of rows) {
        const named = subject === null ? undefined : parseUri(String(subject))
        if (named !== undefined) subjects.add(named.did)
      }
    }
  }
  const days = new Set<number>()
  for (const bucket of eventBuckets(character)) {
    for await (const rows of session.pagesForDecision(TIMES, [did, bucket])) {
      for (const row of rows) days.add(dayOf(secondsOf(millisOf(row.event_at) * 1000)))
    }
  }
  return [
    ...[...subjects].map((subject): Mutation => ['dropMentionsBy', subject, mentionBucket(did), did]),
    ...[...days].map((day): Mutation => ['dropEventDayOf', shard, day, did]),
  ]
}
