import { createHash } from 'node:crypto'
import type { Did } from '../../../atproto/event.ts'

type Tier = { from: number; first: number; partitions: number }
const FIRST: Tier = { from: 0, first: 0, partitions: 1 }
/**
 * Partitions for the records of one account: from `from` records on, `partitions` more. An account of usual size has one,
 * and 400 million records are some 100,000 in each.
 */
const TIERS: readonly Tier[] = [
  FIRST,
  { from: 10_000, first: 1, partitions: 63 },
  { from: 3_000_000, first: 64, partitions: 4_032 },
]
/** Events in one partition. */
export const EVENTS_PER_BUCKET = 10_000
/**
 * Partitions for the records that name one person. Their number is fixed, since no writer knows how many such records there
 * are: 100 million are some 100,000 in each.
 */
export const MENTION_BUCKETS = 1_024

/** The shard of a person, out of `shards`. It stays the same for as long as the keyspace lives. */
export function shardOf(did: Did, shards: number): number {
  return hash(did) % shards
}

/** The partition for a new record of a person who has `records` rows so far. Not by its time, which clients choose. */
export function recordBucket(rkey: string, records: number): number {
  const { first, partitions } = TIERS.findLast(({ from }) => records >= from) ?? FIRST
  return first + (hash(rkey) % partitions)
}

/** The partitions in which a record of a person with `records` rows may be. */
export function recordBuckets(rkey: string, records: number): number[] {
  return reached(records).map(({ first, partitions }) => first + (hash(rkey) % partitions))
}

/** All partitions in which a person with `records` rows may have some. */
export function allRecordBuckets(records: number): number[] {
  const { first, partitions } = reached(records).at(-1) ?? FIRST
  return Array.from({ length: first + partitions }, (_, bucket) => bucket)
}

/** The tiers that a person with `records` rows has reached. */
function reached(records: number): readonly Tier[] {
  return TIERS.filter(({ from }) => from === 0 || records > from)
}

/** The partition of the event numbered `seq`. */
export function eventBucket(seq: number): number {
  return Math.floor(seq / EVENTS_PER_BUCKET)
}

/** The partitions that hold events; none where there are no events. */
export function eventBuckets({ lastSeq, firstSeq }: { lastSeq: number; firstSeq: number }): number[] {
  if (lastSeq < firstSeq) return []
  const from = eventBucket(firstSeq)
  return Array.from({ length: eventBucket(lastSeq) - from + 1 }, (_, n) => from + n)
}

/** The partition of the records of `did` among those that name one person. */
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

/** A short name for some text, by which a cursor shows that it belongs to it. */
export function fingerprint(text: string): string {
  return createHash('sha256').update(text).digest('base64url').slice(0, 8)
}
