// The table `mentions`: which records name a person. The record's owner writes it beside the record, and the owner of a
// person who is to be forgotten finds the records by it.
import type { Did, Nsid } from '../../../atproto/event.ts'
import type { RecordId } from '../../../atproto/uri.ts'
import type { RecordState } from '../../../game/state.ts'
import type { Session } from '../driver/session.ts'
import { MENTION_BUCKETS, mentionBucket } from '../rows/buckets.ts'

/** Partitions read by one request, and records that are enough for one turn: fewer than a page. */
const PARTITIONS_AT_ONCE = 64
const ENOUGH = 4_000

const SEVERAL = 'SELECT did, collection, rkey FROM mentions WHERE subject = ? AND bucket IN ? LIMIT ?'
const WHOLE = 'SELECT did, collection, rkey FROM mentions WHERE subject = ? AND bucket = ?'

/** The person whom a record of `author` names, if it is not the author. */
export function named(author: Did, record: RecordState | undefined): Did | undefined {
  const subject = record?.live ? record.facts?.subject?.did : undefined
  return subject === author ? undefined : subject
}

/** The primary key of the row in `mentions`. */
export function mentionKey(
  subject: Did,
  { did, collection, rkey }: RecordId,
): [Did, number, Did, Nsid, string] {
  return [subject, mentionBucket(did), did, collection, rkey]
}

/**
 * Finds records that name `subject`, from the partition `from` on: some thousand, or the whole of one partition.
 * @returns `next`: the partition from which to go on; `undefined` at the end
 */
export async function mentionsOf(
  session: Session,
  subject: Did,
  from: number,
): Promise<{ records: RecordId[]; next: number | undefined }> {
  const records: RecordId[] = []
  let bucket = from
  while (bucket < MENTION_BUCKETS && records.length < ENOUGH) {
    const several = Array.from(
      { length: Math.min(PARTITIONS_AT_ONCE, MENTION_BUCKETS - bucket) },
      (_, n) => bucket + n,
    )
    const rows = await session.readForDecision(SEVERAL, [subject, several, ENOUGH + 1])
    if (rows.length <= ENOUGH) {
      records.push(...(rows as RecordId[]))
      bucket += several.length
      continue
    }
    for await (const page of session.pagesForDecision(WHOLE, [subject, bucket]))
      records.push(...(page as RecordId[]))
    bucket += 1
  }
  return { records, next: bucket < MENTION_BUCKETS ? bucket : undefined }
}
