import { createHash } from 'node:crypto'
import type { Did } from '../../atproto/event.ts'

/** Into how many partitions a heavy account's records go, beside its first. */
const SPREAD = 63
/** Records in the first partition of an account; what comes later is spread. */
const FIRST = 10_000
/** Events in one partition. */
const EVENTS = 10_000
/** Partitions for the records that name one person. */
export const MENTION_BUCKETS = 16

/** Which of `shards` parts of the people someone belongs to, for as long as the keyspace lives. */
export function shardOf(did: Did, shards: number): number {
  return hash(did) % shards
}

/**
 * The partition for a new record of someone who has had `records` so far. Not by its key, which clients choose: a
 * first partition that holds an account of usual size whole, and then as many as keep each small.
 */
export function recordBucket(rkey: string, records: number): number {
  return records < FIRST ? 0 : 1 + (hash(rkey) % SPREAD)
}

/** Where a record may be found. */
export function recordBuckets(rkey: string, records: number): number[] {
  return records <= FIRST ? [0] : [0, 1 + (hash(rkey) % SPREAD)]
}

/** Everywhere that records of an account may be. */
export function allRecordBuckets(records: number): number[] {
  return records <= FIRST ? [0] : Array.from({ length: SPREAD + 1 }, (_, bucket) => bucket)
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
