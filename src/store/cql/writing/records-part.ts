import type { Nsid } from '../../../atproto/event.ts'
import type { RecordId } from '../../../atproto/uri.ts'
import type { RecordsPart } from '../../../game/operation.ts'
import { pathOf, pathParts, type RecordPath } from '../../../game/state.ts'
import { dayCounted, type IndexPage } from '../../day-index.ts'
import type { Row } from '../driver/paging.ts'
import type { Session } from '../driver/session.ts'
import { numberOf } from '../driver/values.ts'
import { allRecordBuckets, recordBuckets } from '../rows/buckets.ts'
import type { StoredCharacter } from '../rows/character-row.ts'
import { readClaimed, readRecord, type StoredRecord } from '../rows/record-row.ts'

/** Keys in one request. */
const AT_ONCE = 100

const AFTER = 'FROM records WHERE did = ? AND bucket = ? AND collection = ? AND rkey > ? LIMIT ?'
const WHOLE = `SELECT * ${AFTER}`
const WHEN = `SELECT bucket, collection, rkey, at, claimed ${AFTER}`
const THESE = 'SELECT * FROM records WHERE did = ? AND bucket = ? AND collection = ? AND rkey IN ?'

/** Where a part of a person's records begins, and how many it has at most. */
type Place = Pick<RecordsPart, 'collections' | 'from' | 'limit'>

/** A part of a person's records, partition by partition; `next` names the last one that it has. */
export async function readPart(
  session: Session,
  character: StoredCharacter | undefined,
  part: Place,
): Promise<{ records: StoredRecord[]; next: string | undefined }> {
  const { rows, next } = await readRows(session, character, { ...part, query: WHOLE })
  return { records: rows.map(readRecord), next }
}

/** The days on which such a part counts. */
export async function readDaysCounted(
  session: Session,
  character: StoredCharacter | undefined,
  part: Place,
): Promise<IndexPage> {
  const { rows, next } = await readRows(session, character, { ...part, query: WHEN })
  const records = rows.map((row) => ({
    path: pathOf(keyOf(row)),
    day: dayCounted({ at: numberOf(row.at), claimed: readClaimed(row) }),
  }))
  return { records, next }
}

/** Those of a person's records at `paths` that there are. */
export async function readPaths(
  session: Session,
  { state: { did }, records: stored }: StoredCharacter,
  paths: Iterable<RecordPath>,
): Promise<StoredRecord[]> {
  const keys = new Map<string, { bucket: number; collection: Nsid; rkeys: string[] }>()
  for (const { collection, rkey } of [...paths].map(pathParts)) {
    for (const bucket of recordBuckets(rkey, stored)) {
      const those = keys.getOrInsertComputed(`${bucket}/${collection}`, () => ({
        bucket,
        collection,
        rkeys: [],
      }))
      those.rkeys.push(rkey)
    }
  }
  const found: StoredRecord[] = []
  for (const { bucket, collection, rkeys } of keys.values()) {
    for (let at = 0; at < rkeys.length; at += AT_ONCE) {
      const params = [did, bucket, collection, rkeys.slice(at, at + AT_ONCE)]
      found.push(...(await session.readForDecision(THESE, params)).map(readRecord))
    }
  }
  return found
}

async function readRows(
  session: Session,
  character: StoredCharacter | undefined,
  { collections, from, limit, query }: Place & { query: string },
): Promise<{ rows: Row[]; next: string | undefined }> {
  const rows: Row[] = []
  if (character === undefined) return { rows, next: undefined }
  const begun = from === undefined ? undefined : readPlace(from)
  for (const bucket of allRecordBuckets(character.records)) {
    if (begun !== undefined && bucket < begun.bucket) continue
    for (const collection of collections) {
      const isBegun = begun?.bucket === bucket
      if (isBegun && collections.indexOf(collection) < collections.indexOf(begun.collection)) continue
      // No key is empty.
      const after = isBegun && collection === begun.collection ? begun.rkey : ''
      // One more than there is room for shows that a next part is needed.
      const params = [character.state.did, bucket, collection, after, limit - rows.length + 1]
      rows.push(...(await session.readForDecision(query, params)))
      if (rows.length <= limit) continue
      rows.length = limit
      return { rows, next: placeOf(rows.at(-1)) }
    }
  }
  return { rows, next: undefined }
}

function placeOf(row: Row | undefined): string | undefined {
  return row && `${row.bucket}/${pathOf(keyOf(row))}`
}

function keyOf({ collection, rkey }: Row): Pick<RecordId, 'collection' | 'rkey'> {
  return { collection: collection as Nsid, rkey: String(rkey) }
}

function readPlace(from: string): { bucket: number; collection: Nsid; rkey: string } {
  const [bucket, collection, rkey = ''] = from.split('/')
  return { bucket: Number(bucket), collection: collection as Nsid, rkey }
}
