import type { Did, Handle, Nsid, RecordKey, Tid } from '@atcute/lexicons/syntax'
import type { AccountStatus, Micros } from '../atproto/event.ts'
import type { Profile } from '../atproto/profile.ts'
import type { RecordId } from '../atproto/uri.ts'
import { NO_PERIODS, type Periods } from './periods.ts'
import type { Facts } from './rules/rule.ts'
import type { Day, Seconds } from './time.ts'

/** What the ledger holds of one person, apart from the records. */
export type ActorState = {
  did: Did
  /** True from the first event on: only then is there a character to show. */
  born: boolean
  /** Sum of the XP of all live records. */
  experience: number
  /** By how much the last event changed `experience`, and when the latest one was witnessed; 0 before the first. */
  lastDelta: number
  updatedAt: Micros
  /** What of `experience` was earned this week and this month. */
  periods: Periods
  /** Live records by collection. */
  counts: ReadonlyMap<Nsid, number>
  /** The newest revision that was applied, deletes included. */
  rev: Tid | undefined
  /** Operations at or below this revision change nothing: what they did was purged. */
  floor: Tid | undefined
  status: AccountStatus
  /** The account's own time of `status`; what is older is ignored, and of equals the later in the stream holds. */
  statusTime: Micros
  /** The account's own time of the latest deletion that purged: a repetition of it purges nobody. */
  purgedTime: Micros | undefined
  /** The person asks that apps without sign-in do not show them (`!no-unauthenticated`). */
  optedOut: boolean
  /** The revision of the person's own profile record that says so, or not; nobody else is believed from then on. */
  profileRev: Tid | undefined
  /** Somebody has said whether the person wants to be shown: until then they count and are not shown. */
  introduced: boolean
  /** When the stream last said who this is, and the handle that it gave: what the AppView says may be older. */
  namedAt: Micros
  handle: Handle | undefined
  /** An operator was asked to forget this person; nothing is kept until they are unforgotten. */
  forgotten: boolean
  /** Nobody listens for this person any more, who is not among `DIDS`: what is held may have changed without our knowing. */
  unfollowed: boolean
}

/** XP granted by collections with a cap, of one person and for the records of one day; see decide/caps.ts. */
export type Granted = ReadonlyMap<Nsid, number>

/**
 * What the ledger holds of one record. A deleted one stays as a tombstone: `live` false, 0 XP, and of its facts what it
 * showed, so that other caps can be counted as if they had been in force from the start.
 */
export type RecordState = {
  /** The revision of the last operation on it: what is not newer changes nothing. */
  rev: Tid
  live: boolean
  /** What it counts for now. */
  xp: number
  /** `undefined`: its rule cannot read it, or the record was gone before it was seen. */
  facts: Facts | undefined
  /** When the record was first witnessed, in whole seconds since the Unix epoch; periods and caps go by it. */
  at: Seconds
  /** A cap keeps it from what its facts are worth. */
  capped: boolean
}

/** What made a record's XP change. */
export type Cause =
  | 'create'
  | 'update'
  | 'delete'
  /** What a repost shows became known. */
  | 'subject'
  /** The repository was replaced and no longer holds the record. */
  | 'sync'
  | 'baseline'
  | 'recompute'

/** One entry of the ledger: `did`'s experience went from `experience - delta` to `experience` because of that record. */
export type LedgerEvent = RecordId & {
  /** When its cause was witnessed, in whole milliseconds. */
  at: Micros
  cause: Cause
  /** What the record is worth, or was where it has gone: `post.alt`, `like`, `tracked`, `unreadable`, ... */
  reason: string
  delta: number
  experience: number
}

/**
 * What the network has to be asked. Kept by the store until it is answered, so that a restart forgets none.
 * `subject`: what does the post show that this record names? `profile`: who is this? `repository`: what is in it now?
 */
export type Question = SubjectQuestion | PersonQuestion

type SubjectQuestion = {
  kind: 'subject'
  did: Did
  collection: Nsid
  rkey: RecordKey
  rev: Tid
  subject: RecordId
}

/** Of each kind at most one is open about a person. */
export type PersonQuestion = { kind: 'profile'; did: Did } | { kind: 'repository'; did: Did }

export type QuestionKind = Question['kind']

/**
 * A question that is to be asked, and what becomes of an open one of its kind about the same person. `restart` takes its
 * place and is asked at once. `follow` takes its place, and its pause: however often there is reason to ask, the network
 * is asked no sooner. An answer that is under way then ends the old question and not the new one. `keep` leaves it alone.
 * `wake` asks nothing new: it restarts one that is asleep, and leaves any other alone. See `startOf`.
 */
export type Ask = SubjectQuestion | (PersonQuestion & { ifOpen: 'restart' | 'follow' | 'keep' | 'wake' })

/** Names a stored question; what it looks like is the store's own business. */
export type QuestionId = string

/** Names a wish in the store's inbox. */
export type WishId = string

/** An open question; `tries` is how often it was asked without an answer. */
export type AskedQuestion = Question & { id: QuestionId; tries: number }

/** A question that stays open: it was asked `tries` times and is asked again from `due` on, by our own clock. */
export type Postponed = { question: AskedQuestion; due: Seconds }

/** A record's name within its repository, `collection/rkey`. */
export type RecordPath = `${Nsid}/${RecordKey}`

/** Someone who was never heard of. */
export function unknownActor(did: Did): ActorState {
  return {
    did,
    born: false,
    experience: 0,
    lastDelta: 0,
    updatedAt: 0,
    periods: NO_PERIODS,
    counts: new Map(),
    rev: undefined,
    floor: undefined,
    status: 'active',
    statusTime: 0,
    purgedTime: undefined,
    optedOut: false,
    profileRev: undefined,
    introduced: false,
    namedAt: 0,
    handle: undefined,
    forgotten: false,
    unfollowed: false,
  }
}

/** True while nobody may see that this person is here. */
export function isHidden({
  status,
  optedOut,
  introduced,
  forgotten,
  unfollowed,
}: Pick<ActorState, 'status' | 'optedOut' | 'introduced' | 'forgotten' | 'unfollowed'>): boolean {
  return status !== 'active' || optedOut || !introduced || forgotten || unfollowed
}

export function pathOf({ collection, rkey }: Pick<RecordId, 'collection' | 'rkey'>): RecordPath {
  return `${collection}/${rkey}`
}

/** What a store knows of the people and records that some operations may change. Never changed by its readers. */
export type Known = {
  actor(did: Did): ActorState | undefined
  record(id: RecordId): RecordState | undefined
  /** Who had `handle` last, as far as profiles tell. */
  ownerOf(handle: Handle): Did | undefined
  /** Every record of `did`, tombstones included; only for those whose operation needs all of them. */
  records(did: Did): Iterable<[RecordId, RecordState]>
  /** What caps have granted `did`, by day: those in `Touched.grants`, or all where every record is needed. */
  granted(did: Did): ReadonlyMap<Day, Granted>
}

/** A record as it is to be kept; `created` where nothing was held of it, not even a tombstone. */
export type RecordChange = { id: RecordId; state: RecordState; created: boolean }

/** What becomes of one person; see `decide`. */
export type ActorChange = {
  /** Whether everything that was held of them has to go first: records, events, questions, profile. */
  purge: boolean
  /** Whether what others' records say of them has to go. */
  erase: boolean
  actor: ActorState
  records: Map<RecordPath, RecordChange>
  /** What caps have granted, whole, for those days for which that has changed; nothing is kept of an empty one. */
  granted: Map<Day, Granted>
  events: LedgerEvent[]
  /** Questions that are answered, or given up. */
  answered: QuestionId[]
  postponed: Postponed[]
  /** Comes after what is answered and postponed. */
  asked: Ask[]
  /** The profile as it is to be kept; `null` to drop it, `undefined` to leave it. */
  profile: Profile | null | undefined
  /** A handle that has become somebody else's: the profile, where it has that one, is kept without. */
  unnamed: Handle | undefined
}

/** What became of operations: `applied` changed something, `repeated` had been counted before, others say why not. */
export type Outcome =
  | 'applied'
  | 'repeated'
  | 'unreadable'
  | 'forgotten'
  | 'unfollowed'
  | 'stale'
  | 'implausible'

export type Changes = {
  /** In the order in which people first appeared. */
  actors: Map<Did, ActorChange>
  /** Wishes that are fulfilled, to be taken from the inbox. */
  fulfilled: WishId[]
  outcomes: Record<Outcome, number>
}
