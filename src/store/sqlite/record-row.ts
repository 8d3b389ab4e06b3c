import type { Did, Nsid } from '@atcute/lexicons/syntax'
import type { RecordId } from '../../atproto/uri.ts'
import type { Media } from '../../game/media.ts'
import type { ShownFacts } from '../../game/rules/rule.ts'
import type { RecordState } from '../../game/state.ts'
import type { Day } from '../../game/time.ts'
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
export const OWN = 32
/** Added as often as the number of the day that the record claims; see `RecordState.claimed`. */
export const CLAIMED_DAY = 64

/** Nearly all subjects are posts, so only other subjects store their collection, as `collection/rkey`. */
const SUBJECTS: Nsid = 'app.bsky.feed.post'

/** The column `state` of a record. */
export function stateCode({ live, facts, capped, claimed = 0 }: RecordState): number {
  const day = claimed * CLAIMED_DAY
  if (!live && facts === undefined) return TOMBSTONE + day
  const word = facts === undefined ? 'unreadable' : (facts.media ?? 'none')
  const own = facts?.own === undefined ? 0 : OWN
  return CODES.indexOf(word) + Number(capped) * CAPPED + Number(!live) * GONE + own + day
}

/** Whether a record whose column `state` is `code` is live. */
export function isLive(code: number): boolean {
  return code % OWN < GONE && code % CAPPED !== TOMBSTONE
}

/** The day that a record claims whose column `state` is `code`. */
export function claimedIn(code: number): Day | undefined {
  return code < CLAIMED_DAY ? undefined : Math.floor(code / CLAIMED_DAY)
}

/** What media a record has whose column `state` is `code`; `undefined` as in `RecordState.facts`. */
export function mediaIn(code: number): Pick<ShownFacts, 'media'> | undefined {
  const word = CODES[code % CAPPED]
  if (word === 'unreadable' || word === 'tombstone') return undefined
  return { media: word === 'text' || word === 'media' || word === 'alt' ? word : undefined }
}

/** Whether a cap keeps a record below what it is worth whose column `state` is `code`. */
export function isCapped(code: number): boolean {
  return code % GONE >= CAPPED
}

/** Whether the table `own_facts` has a fact of a record whose column `state` is `code`. */
export function hasOwn(code: number): boolean {
  return code % CLAIMED_DAY >= OWN
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
  const shown = mediaIn(state)
  const subject =
    subjectActor === null || subjectKey === null
      ? undefined
      : subjectOf(did(Number(subjectActor)), subjectKey)
  return {
    rev: integerToTid(fromDistance(key, rev)),
    live: isLive(state),
    xp: Number(xp),
    facts: shown && { media: shown.media, subject, own: hasOwn(state) ? own() : undefined },
    at: secondsIn(key) + Number(after),
    capped: isCapped(state),
    claimed: claimedIn(state),
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
