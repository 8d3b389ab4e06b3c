import { createHash } from 'node:crypto'
import type { Did } from '../../../atproto/event.ts'

type Tier = { from: number; first: number; partitions: number }
const FIRST: Tier = { from: 0, first: 0, partitions: 1 }
/**
 * Partitions for the records of one account: so many more from so many records on. An account of usual size is in one,
 * and 400 million records are some 100,000 in each.
 */
const TIERS: readonly Tier[] = [
  FIRST,
  { from: 10_000, first: 1, partitions: 63 },
  { from: 3_000_000, first: 64, partitions: 4_032 },
]
/** Events in one partition. */
const EVENTS = 10_000
/**
 * Partitions for the records that name one person, of whom the ones who write them do not know how many there are: 100
 * million are some 100,000 in each.
 */
export const MENTION_BUCKETS = 1_024

/** Which of `shards` parts of the people someone belongs to, for as long as the keyspace lives. */
export function shardOf(did: Did, shards: number): number {
  return hash(did) % shards
}

/** The partition for a new record of someone who has had `records` so far. Not by its time, which clients choose. */
export function recordBucket(rkey: string, records: number): number {
  const { first, partitions } = TIERS.findLast(({ from }) => records >= from) ?? FIRST
  return first + (hash(rkey) % partitions)
}

/** Where a record may be found of someone who has had `records`. */
export function recordBuckets(rkey: string, records: number): number[] {
  return reached(records).map(({ first, partitions }) => first + (hash(rkey) % partitions))
}

/** Everywhere that records of an account may be. */
export function allRecordBuckets(records: number): number[] {
  const { first, partitions } = reached(records).at(-1) ?? FIRST
  return Array.from({ length: first + partitions }, (_, bucket) => bucket)
}

/** The tiers in which somebody has records, who has had `records`. */
function reached(records: number): readonly Tier[] {
  return TIERS.filter(({ from }) => from === 0 || records > from)
}

/** The partition of the event numbered `seq`. */
export function eventBucket(seq: number): number {
  return Math.floor(seq / EVENTS)
}

/** The partitions that hold events; none where there are no events. */
export function eventBuckets({ lastSeq, firstSeq }: { lastSeq: number; firstSeq: number }): number[] {
  if (lastSeq < firstSeq) return []
  const from = eventBucket(firstSeq)
  return Array.from({ length: eventBucket(lastSeq) - from + 1 }, (_, n) => from + n)
}

/** The partition of the record of `did` among those that name somebody. */
export function mentionBucket(did: Did): number {
  return hash(did) % MENTION_BUCKETS
}

/** The same on every machine and in every version: what is stored depends on it. */
function hash(text: string): number {
  // FNV-1a; DIDs and keys end in what tells them apart.
  let value = 0x811c9dc5
  for (let at = 0; at < text.length; at += 1) value = Math.imul(value ^ text.charCodeAt(at), 0x01000193)
  // Its low bits are the weak ones.
  return (value ^ (value >>> 15)) >>> 0
}

/** A short name for some text, to tell whether a cursor belongs to it. */
export function fingerprint(text: string): string {
  return createHash('sha256').update(text).digest('base64url').slice(0, 8)
}
