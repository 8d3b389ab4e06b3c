import type { Nsid } from '../../../atproto/event.ts'
import type { RecordsPart } from '../../../game/operation.ts'
import type { Session } from '../driver/session.ts'
import { allRecordBuckets } from '../rows/buckets.ts'
import type { StoredCharacter } from '../rows/character-row.ts'
import { readRecord, type StoredRecord } from '../rows/record-row.ts'

const AFTER = 'SELECT * FROM records WHERE did = ? AND bucket = ? AND collection = ? AND rkey > ? LIMIT ?'

/** A part of a person's records, partition by partition; `next` names the last one that it has. */
export async function readPart(
  session: Session,
  character: StoredCharacter | undefined,
  { collections, from, limit }: RecordsPart,
): Promise<{ records: StoredRecord[]; next: string | undefined }> {
  const records: StoredRecord[] = []
  if (character === undefined) return { records, next: undefined }
  const begun = from === undefined ? undefined : readPlace(from)
  for (const bucket of allRecordBuckets(character.records)) {
    if (begun !== undefined && bucket < begun.bucket) continue
    for (const collection of collections) {
      const isBegun = begun?.bucket === bucket
      if (isBegun && collections.indexOf(collection) < collections.indexOf(begun.collection)) continue
      // No key is empty.
      const after = isBegun && collection === begun.collection ? begun.rkey : ''
      // One more than there is room for shows that a next part is needed.
      const params = [character.state.did, bucket, collection, after, limit - records.length + 1]
      records.push(...(await session.readForDecision(AFTER, params)).map(readRecord))
      if (records.length <= limit) continue
      records.length = limit
      return { records, next: placeOf(records.at(-1)) }
    }
  }
  return { records, next: undefined }
}

function placeOf(record: StoredRecord | undefined): string | undefined {
  return record && `${record.bucket}/${record.id.collection}/${record.id.rkey}`
}

function readPlace(from: string): { bucket: number; collection: Nsid; rkey: string } {
  const [bucket, collection, rkey = ''] = from.split('/')
  return { bucket: Number(bucket), collection: collection as Nsid, rkey }
}
