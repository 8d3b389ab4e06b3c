import type { RecordPage } from '../../store.ts'
import type { Session } from '../driver/session.ts'
import { allRecordBuckets } from '../rows/buckets.ts'
import type { StoredCharacter } from '../rows/character-row.ts'
import { readRecord } from '../rows/record-row.ts'

const SELECT = 'SELECT * FROM records WHERE did = ? AND bucket = ? AND (collection, rkey) > (?, ?) LIMIT ?'

/** See `Writer.records`: goes through a person's partitions, each in the order of its keys. A mark is a partition and a key. */
export async function recordPage(
  session: Pick<Session, 'readForDecision'>,
  { state: { did }, records: stored }: StoredCharacter,
  { after, limit }: { after: string | undefined; limit: number },
): Promise<RecordPage> {
  const records: RecordPage['records'] = []
  const [from = '0', collection = '', rkey = ''] = after?.split(' ') ?? []
  let key = [collection, rkey]
  for (const bucket of allRecordBuckets(stored)) {
    if (bucket < Number(from)) continue
    const rows = await session.readForDecision(SELECT, [did, bucket, ...key, limit - records.length])
    for (const row of rows) {
      const { id, state } = readRecord(row)
      records.push([id, state])
      key = [id.collection, id.rkey]
    }
    if (records.length === limit) return { records, next: [bucket, ...key].join(' ') }
    key = ['', '']
  }
  return { records, next: undefined }
}
