import type { Did, Nsid } from '@atcute/lexicons/syntax'
import type { RecordId } from '../../atproto/uri.ts'
import type { Media } from '../../game/media.ts'
import type { RecordState } from '../../game/state.ts'
import { fromDistance, integerToTid, recordKey, type StoredKey, secondsIn, storedKey } from './tid.ts'

/** The columns of `records` that `recordState` reads, in its order. All integers come as bigints. */
export const RECORD_COLUMNS = 'rev, after, xp, state, subject_actor, subject_rkey'

/** The media that `state` names in its lowest three bits. `tombstone` is one whose media are not known. */
const CODES: readonly (Media | 'none' | 'unreadable' | 'tombstone')[] = [
  'none',
  'text',
  'media',
  'alt',
  'unreadable',
  'tombstone',
]
const TOMBSTONE = CODES.indexOf('tombstone')
const CAPPED = 8
/** Added for a tombstone whose facts are known. */
const GONE = 16
/** Added where the table `own_facts` has a fact of the record. */
const OWN = 32

/** Nearly all subjects are posts, so only other subjects store their collection, as `collection/rkey`. */
const SUBJECTS: Nsid = 'app.bsky.feed.post'

/** The column `state` of a record. */
export function stateCode({ live, facts, capped }: RecordState): number {
  if (!live && facts === undefined) return TOMBSTONE
  const word = facts === undefined ? 'unreadable' : (facts.media ?? 'none')
  const own = facts?.own === undefined ? 0 : OWN
  return CODES.indexOf(word) + Number(capped) * CAPPED + Number(!live) * GONE + own
}

/** Whether a record whose column `state` is `code` is live. */
export function isLive(code: number): boolean {
  return code % OWN < GONE && code % CAPPED !== TOMBSTONE
}

/** Whether the table `own_facts` has a fact of a record whose column `state` is `code`. */
export function hasOwn(code: number): boolean {
  return code >= OWN
}

/** Where to find what other tables say of a record. */
export type Elsewhere = {
  /** Resolves an actor's id. */
  did: (actor: number) => Did
  /** The record's fact of its rule's own; called only where it has one. */
  own: () => string
}

/** Reads the row of `RECORD_COLUMNS` with key `key`. */
export function recordState(key: StoredKey, row: readonly unknown[], { did, own }: Elsewhere): RecordState {
  const [rev, after, xp, code, subjectActor, subjectKey] = row as [
    bigint,
    bigint,
    bigint,
    bigint,
    bigint | null,
    StoredKey | null,
  ]
  const state = Number(code)
  const word = CODES[state % CAPPED]
  const subject =
    subjectActor === null || subjectKey === null
      ? undefined
      : subjectOf(did(Number(subjectActor)), subjectKey)
  const media = word === 'text' || word === 'media' || word === 'alt' ? word : undefined
  return {
    rev: integerToTid(fromDistance(key, rev)),
    live: isLive(state),
    xp: Number(xp),
    facts:
      word === 'unreadable' || word === 'tombstone'
        ? undefined
        : { media, subject, own: hasOwn(state) ? own() : undefined },
    at: secondsIn(key) + Number(after),
    capped: state % GONE >= CAPPED,
  }
}

/** The column `subject_rkey`. */
export function subjectKey({ collection, rkey }: RecordId): StoredKey {
  const key = storedKey(rkey)
  return collection === SUBJECTS && typeof key === 'bigint' ? key : `${collection}/${rkey}`
}

/** The subject of this person that has the `subjectKey` `key`. */
export function subjectOf(did: Did, key: StoredKey): RecordId {
  if (typeof key === 'bigint') return { did, collection: SUBJECTS, rkey: recordKey(key) }
  const slash = key.indexOf('/')
  return { did, collection: key.slice(0, slash) as Nsid, rkey: key.slice(slash + 1) }
}
