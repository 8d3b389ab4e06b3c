import type { Did, Nsid, Tid } from '../../../atproto/event.ts'
import { parseUri, type RecordId, uriOf } from '../../../atproto/uri.ts'
import type { Media } from '../../../game/media.ts'
import type { RecordState } from '../../../game/state.ts'
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
  return {
    id: { did: row.did as Did, collection: row.collection as Nsid, rkey: String(row.rkey) },
    bucket: Number(row.bucket),
    state: {
      rev: row.rev as Tid,
      live: row.live === true,
      xp: numberOf(row.xp),
      facts: isKnown(row)
        ? {
            media: row.media === NONE ? undefined : textOf<Media>(row.media),
            subject: subject === undefined ? undefined : parseUri(subject),
            own: textOf(row.own),
          }
        : undefined,
      at: numberOf(row.at),
      capped: row.capped === true,
    },
  }
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
  const { rev, live, xp, facts, at, capped } = state
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
  const own = facts?.own
  if (own === before?.facts?.own) return [record]
  return [record, rowMutation('ownFact', { did, bucket, collection, rkey, own: own ?? null })]
}
