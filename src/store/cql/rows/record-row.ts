import type { Did, Nsid, Tid } from '../../../atproto/event.ts'
import { parseUri, type RecordId, uriOf } from '../../../atproto/uri.ts'
import type { Media } from '../../../game/media.ts'
import type { ShownFacts } from '../../../game/rules/rule.ts'
import type { RecordState } from '../../../game/state.ts'
import type { Day } from '../../../game/time.ts'
import type { Row } from '../driver/paging.ts'
import { numberOf, textOf } from '../driver/values.ts'
import { type Mutation, rowMutation } from './mutations.ts'

/** A record, with the partition of its account in which it is stored. */
export type StoredRecord = { id: RecordId; state: RecordState; bucket: number }

/** The column `media` of a tombstone whose record had none; null where it is not known what the record showed. */
const NONE = 'none'

/** Reads a whole row of `records`. */
export function readRecord(row: Row): StoredRecord {
  const subject = textOf(row.subject)
  const facts = readShown(row)
  return {
    id: { did: row.did as Did, collection: row.collection as Nsid, rkey: String(row.rkey) },
    bucket: Number(row.bucket),
    state: {
      rev: row.rev as Tid,
      live: row.live === true,
      xp: numberOf(row.xp),
      facts: facts && { ...facts, subject: subject === undefined ? undefined : parseUri(subject) },
      at: numberOf(row.at),
      capped: row.capped === true,
      claimed: readClaimed(row),
    },
  }
}

/** What a row of `records` says that it shows; `undefined` as in `RecordState.facts`. */
export function readShown(row: Row): ShownFacts | undefined {
  if (!isKnown(row)) return undefined
  return { media: row.media === NONE ? undefined : textOf<Media>(row.media), own: textOf(row.own) }
}

/** The day that a record claims; null in the row of one that was witnessed. */
export function readClaimed(row: Row): Day | undefined {
  return row.claimed === null || row.claimed === undefined ? undefined : numberOf(row.claimed)
}

function isKnown({ readable, live, media }: Row): boolean {
  return readable === true && (live === true || (media !== null && media !== undefined))
}

/**
 * What writes a record.
 * @param before its stored state, `undefined` where it has no row
 */
export function recordMutations(
  { did, collection, rkey }: RecordId,
  bucket: number,
  { before, state }: { before: RecordState | undefined; state: RecordState },
): Mutation[] {
  const { rev, live, xp, facts, at, capped, claimed } = state
  const record = rowMutation('record', {
    did,
    bucket,
    collection,
    rkey,
    rev,
    live,
    xp,
    readable: facts !== undefined,
    media: facts?.media ?? (live || facts === undefined ? null : NONE),
    subject: facts?.subject === undefined ? null : uriOf(facts.subject),
    at,
    capped,
  })
  const key = { did, bucket, collection, rkey }
  // Few records have one of these: a column of `record` would be written for all.
  const own = facts?.own ?? null
  const isOwn = own === (before?.facts?.own ?? null)
  const isClaimed = claimed === before?.claimed
  return [
    record,
    ...(isOwn ? [] : [rowMutation('ownFact', { ...key, own })]),
    ...(isClaimed ? [] : [rowMutation('claimedDay', { ...key, claimed: claimed ?? null })]),
  ]
}
