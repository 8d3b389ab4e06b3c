import type { Did, Nsid } from '../../../atproto/event.ts'
import type { Cause, LedgerEvent } from '../../../game/state.ts'
import type { Row } from '../driver/paging.ts'
import { millisOf, numberOf } from '../driver/values.ts'
import { eventBucket } from './buckets.ts'
import { levelingField } from './character-row.ts'
import { type Mutation, rowMutation, writtenRow } from './mutations.ts'

/** An event as number `seq` of all of its person's, and number `typeSeq` of those of its collection. */
export function eventMutations(event: LedgerEvent, seq: number, typeSeq: number): Mutation[] {
  const { did, collection, rkey, at, cause, reason, delta, experience, rules } = event
  const leveling = levelingField(experience, delta)
  const row = { did, type: collection, rkey, event_at: at / 1000, cause, reason, delta, leveling, rules }
  return [
    rowMutation('event', { ...row, bucket: eventBucket(seq), seq, type_seq: typeSeq }),
    rowMutation('eventByType', { ...row, bucket: eventBucket(typeSeq), seq: typeSeq }),
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
    rules: row.rules === null || row.rules === undefined ? 1 : numberOf(row.rules),
  }
}

/** Reads the event that a mutation writes; `undefined` where it writes something else. */
export function eventOf(mutation: Mutation): LedgerEvent | undefined {
  const row = writtenRow('event', mutation)
  return row && readEvent(row)
}
