import type { Nsid } from '@atcute/lexicons/syntax'
import { parseUri, uriOf } from '../../atproto/uri.ts'
import type { Facts } from '../../game/rules/rule.ts'
import type { RecordPath } from '../../game/state.ts'
import type { Day } from '../../game/time.ts'

/** A record of a repository, as the game counts it. */
export type ReadRecord = {
  path: RecordPath
  /** `undefined` where its rule cannot read it. */
  facts: Facts | undefined
  /** See `claimedDay`. */
  claimed: Day
}

/** The memory of a `RecordList`, to transfer it between threads without a copy. */
export type PackedRecords = { bytes: Uint8Array<ArrayBuffer>; ends: Uint32Array<ArrayBuffer> }

/**
 * The records of a repository, oldest key first, packed into one buffer. A thread transfers it as it is, and the receiver
 * unpacks as many records at a time as it can use: to receive them as objects would block it for a second, and it need
 * not keep the thread alive until it has used the last of them.
 */
export class RecordList {
  readonly packed: PackedRecords
  readonly #bytes: Buffer

  constructor(packed: PackedRecords) {
    this.packed = packed
    this.#bytes = Buffer.from(packed.bytes.buffer, packed.bytes.byteOffset, packed.bytes.length)
  }

  /** @param records sorted as they are to be listed */
  static of(records: Iterable<ReadRecord>): RecordList {
    const parts: Buffer[] = []
    const ends: number[] = []
    let end = 0
    for (const record of records) {
      const part = Buffer.from(written(record))
      parts.push(part)
      end += part.length
      ends.push(end)
    }
    const bytes = new Uint8Array(end)
    let at = 0
    for (const part of parts) {
      bytes.set(part, at)
      at += part.length
    }
    return new RecordList({ bytes, ends: Uint32Array.from(ends) })
  }

  get size(): number {
    return this.packed.ends.length
  }

  /** The records from index `from` up to `to`, or the end. */
  slice(from: number, to: number): ReadRecord[] {
    const { ends } = this.packed
    const records: ReadRecord[] = []
    for (let index = from; index < Math.min(to, this.size); index++) {
      records.push(readFrom(this.#bytes.toString('utf8', index === 0 ? 0 : ends[index - 1], ends[index])))
    }
    return records
  }
}

/** `[path, day]` of an unreadable record; of any other one its facts follow, without those that it lacks at the end. */
type Written = [
  path: RecordPath,
  claimed: Day,
  media?: Facts['media'] | null,
  subject?: string | null,
  own?: string | null,
]

function written({ path, claimed, facts }: ReadRecord): string {
  const packed: Written = [path, claimed]
  if (facts !== undefined) packed.push(facts.media ?? null)
  if (facts?.subject !== undefined || facts?.own !== undefined)
    packed.push(facts.subject === undefined ? null : uriOf(facts.subject))
  if (facts?.own !== undefined) packed.push(facts.own)
  return JSON.stringify(packed)
}

function readFrom(text: string): ReadRecord {
  const packed = JSON.parse(text) as Written
  const [path, claimed, media, subject, own] = packed
  if (packed.length === 2) return { path, claimed, facts: undefined }
  return {
    path,
    claimed,
    facts: {
      media: media ?? undefined,
      subject: typeof subject === 'string' ? parseUri(subject) : undefined,
      own: own ?? undefined,
    },
  }
}

/** The collection that a path begins with. */
export function collectionOf(path: string): Nsid {
  return path.slice(0, path.indexOf('/')) as Nsid
}
