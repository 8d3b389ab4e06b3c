import type { Did, Nsid } from '../../../atproto/event.ts'
import type { Cause, LedgerEvent } from '../../../game/state.ts'
import type { Row } from '../driver/paging.ts'
import { millisOf, numberOf } from '../driver/values.ts'
import { eventBucket } from './buckets.ts'
import { levelingField } from './character-row.ts'
import type { Mutation } from './mutations.ts'

/** An event as number `seq` of all of its person's, and number `typeSeq` of those of its collection. */
export function eventMutations(event: LedgerEvent, seq: number, typeSeq: number): Mutation[] {
  const { did, collection, rkey, at, cause, reason, delta, experience } = event
  const millis = at / 1000
  const state = levelingField(experience, delta)
  const [bucket, typeBucket] = [eventBucket(seq), eventBucket(typeSeq)]
  return [
    ['event', did, bucket, seq, millis, collection, rkey, cause, reason, delta, state, typeSeq],
    ['eventByType', did, collection, typeBucket, typeSeq, millis, rkey, cause, reason, delta, state],
  ]
}

/** Reads a row of `events` or `events_by_type`. */
export function readEvent(row: Row): LedgerEvent {
  return {
    did: row.did as Did,
    collection: row.type as Nsid,
    rkey: String(row.rkey),
    at: millisOf(row.event_at) * 1000,
    cause: row.cause as Cause,
    reason: String(row.reason),
    delta: numberOf(row.delta),
    experience: numberOf((row.leveling as { experience: unknown }).experience),
  }
}

/** Reads the event that a mutation writes; `undefined` where it writes something else. */
export function eventOf(mutation: Mutation): LedgerEvent | undefined {
  if (mutation[0] !== 'event') return undefined
  const [, did, , , millis, type, rkey, cause, reason, delta, leveling] = mutation
  return readEvent({ did, type, rkey, cause, reason, delta, leveling, event_at: millis })
}
