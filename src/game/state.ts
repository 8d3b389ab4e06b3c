import type { Did, Handle, Nsid, RecordKey, Tid } from '@atcute/lexicons/syntax'
import type { AccountStatus, Micros } from '../atproto/event.ts'
import type { Profile } from '../atproto/profile.ts'
import type { RecordId } from '../atproto/uri.ts'
import type { Standing } from './boards.ts'
import { type Counts, type DayTally, NO_COUNTS, NO_DAY, type Tally } from './days.ts'
import { NO_PERIODS, type Periods } from './periods.ts'
import type { Ask, Postponed, QuestionId } from './question.ts'
import type { Facts } from './rules/rule.ts'
import type { Day, DaySpan, Seconds } from './time.ts'

/** What the ledger stores of one person, apart from their records. */
export type ActorState = {
  did: Did
  /** True from the first ledger event on, which makes the person a character. */
  born: boolean
  /** Sum of the XP of all live records. */
  experience: number
  /** By how much the last event changed `experience`; 0 before the first. */
  lastDelta: number
  /** The latest witness time of an event; 0 before the first. */
  updatedAt: Micros
  /** XP earned this week and this month. */
  periods: Periods
  /** What the live records of the latest day brought on which any counted. */
  running: DayTally
  /** Live records of all days before it, by reason. */
  earlier: Counts
  /** Live posts first witnessed in the month of that latest day, of which all media are described. */
  described: number
  /** Live records by collection. */
  counts: ReadonlyMap<Nsid, number>
  /** The newest revision applied, deletes included. */
  rev: Tid | undefined
  /** Operations at or below this revision change nothing: a purge removed their effects. */
  floor: Tid | undefined
  /**
   * The revision of their repository that was imported last: every record that it had then is stored. So a write at or below
   * this revision changes nothing, because what it wrote is stored or was gone by then; a deletion goes by the record's own.
   */
  head: Tid | undefined
  status: AccountStatus
  /** The account's own time of `status`. Older statuses are ignored; of equal times the last in the stream wins. */
  statusTime: Micros
  /** The account's own time of the latest deletion that purged: a repetition of it does not purge again. */
  purgedTime: Micros | undefined
  /** The person asks that apps without sign-in do not show them (`!no-unauthenticated`). */
  optedOut: boolean
  /** The revision of the person's own profile record; once there is one, it alone decides `optedOut`. */
  profileRev: Tid | undefined
  /** The AppView or their own profile record has told us about the person. Until then they earn XP but are not shown. */
  introduced: boolean
  /** Witness time of the latest identity event, and the handle that it gave. */
  namedAt: Micros
  handle: Handle | undefined
  /** The operator was asked to forget this person; nothing is stored until the operator unforgets them. */
  forgotten: boolean
  /** The person asked to be shown nowhere. Their records go on counting. */
  hidden: boolean
  /** The person had everything about them deleted; nothing is stored until they return. */
  left: boolean
  /** The person is not in `DIDS` any more: what is stored of them may be out of date. */
  unfollowed: boolean
}

/** XP granted to one person's records of one day, by collection with a cap; see decide/caps.ts. */
export type Granted = ReadonlyMap<Nsid, number>

/**
 * What the ledger stores of one record. A deleted one stays as a tombstone: `live` false, 0 XP, and its facts but
 * for the subject, so a recompute can count caps as if they had been in force from the start.
 */
export type RecordState = {
  /** The revision of the last operation on it; operations that are not newer change nothing. */
  rev: Tid
  live: boolean
  /** The XP that it counts for now. */
  xp: number
  /** `undefined`: its rule cannot read it, or the record was gone before it was seen. */
  facts: Facts | undefined
  /** The first witness time, by which periods and caps count. */
  at: Seconds
  /** A cap keeps its XP below what its facts are worth. */
  capped: boolean
  /**
   * The day that a record claims which a fetched repository brought: it counts on that day in the tallies of days, and
   * neither in periods nor under caps. `undefined` for a record that the stream brought.
   */
  claimed: Day | undefined
}

/** What changed a record's XP. */
export type Cause =
  | 'create'
  | 'update'
  | 'delete'
  /** The media of a reposted post became known. */
  | 'subject'
  /** The repository was replaced and no longer has the record. */
  | 'sync'
  | 'baseline'
  | 'recompute'
  /** An imported repository has the record, or shows it otherwise. */
  | 'import'

/** One entry of the ledger: because of that record, `did`'s XP went from `experience - delta` to `experience`. */
export type LedgerEvent = RecordId & {
  /** The witness time of its cause, rounded down to whole milliseconds. */
  at: Micros
  cause: Cause
  /** Why the record earns its XP, or did until it was deleted: `post.alt`, `like`, `tracked`, `unreadable`, ... */
  reason: string
  delta: number
  experience: number
  /** The version of the rules that awarded it; see `Rulebook.version`. */
  rules: number
}

/** Names a wish in the store's inbox. */
export type WishId = string

/** A record's name within its repository, `collection/rkey`. */
export type RecordPath = `${Nsid}/${RecordKey}`

const NO_RECORDS: ReadonlyMap<Nsid, number> = new Map()

/** A person of whom nothing is known. */
export function unknownActor(did: Did): ActorState {
  return {
    did,
    born: false,
    experience: 0,
    lastDelta: 0,
    updatedAt: 0,
    periods: NO_PERIODS,
    running: NO_DAY,
    earlier: NO_COUNTS,
    described: 0,
    counts: NO_RECORDS,
    rev: undefined,
    floor: undefined,
    head: undefined,
    status: 'active',
    statusTime: 0,
    purgedTime: undefined,
    optedOut: false,
    profileRev: undefined,
    introduced: false,
    namedAt: 0,
    handle: undefined,
    forgotten: false,
    hidden: false,
    left: false,
    unfollowed: false,
  }
}

/** What decides whether readers may see a person. */
export type Visibility = Pick<
  ActorState,
  'born' | 'status' | 'optedOut' | 'introduced' | 'forgotten' | 'hidden' | 'left' | 'unfollowed'
>

/** True while no reader may see this person. */
export function isHidden(person: Omit<Visibility, 'born'>): boolean {
  const { status, optedOut, introduced, hidden, unfollowed } = person
  return status !== 'active' || optedOut || !introduced || hidden || isErased(person) || unfollowed
}

/** True where a person's history may be imported: not of those who do not want to be shown, or are away. */
export function isImportable(person: Omit<Visibility, 'born' | 'introduced'>): boolean {
  return !isHidden({ ...person, introduced: true })
}

/** True while nothing is stored of this person, neither in their own rows nor in those of others. */
export function isErased({ forgotten, left }: Pick<ActorState, 'forgotten' | 'left'>): boolean {
  return forgotten || left
}

export function pathOf({ collection, rkey }: Pick<RecordId, 'collection' | 'rkey'>): RecordPath {
  return `${collection}/${rkey}`
}

export function pathParts(path: RecordPath): Pick<RecordId, 'collection' | 'rkey'> {
  const slash = path.indexOf('/')
  return { collection: path.slice(0, slash) as Nsid, rkey: path.slice(slash + 1) }
}

/** The stored state that a batch of operations may need; see `touched`. Never mutated by its readers. */
export type Known = {
  actor(did: Did): ActorState | undefined
  record(id: RecordId): RecordState | undefined
  /** The person whose stored profile has `handle`. */
  ownerOf(handle: Handle): Did | undefined
  /** Every record of `did`, tombstones included; only for people in `Touched.whole`. */
  records(did: Did): Iterable<[RecordId, RecordState]>
  /** The records of `did` that `Touched.parts` asks for, and where the next part begins; `undefined` after the last. */
  part(did: Did): RecordsPage
  /**
   * Whether the newest rules award `did`: new people from the start, others once they have been moved. Only asked while
   * there are former rules.
   */
  isMoved(did: Did): boolean
  /**
   * XP that caps have granted `did`: on the days in `Touched.grants`, on those of a part by day, on all days for people in
   * `Touched.whole`.
   */
  granted(did: Did): ReadonlyMap<Day, Granted>
  /**
   * What the live records of `did` brought on days before the running one: on the days in `Touched.days` and all others of
   * their ISO weeks and months, on all days for people in `Touched.allDays` and `Touched.whole`. Days without are left out.
   */
  days(did: Did): ReadonlyMap<Day, Tally>
}

/** `days` are those that the records of a part by day are of, with the days between them that have none. */
export type RecordsPage = {
  records: readonly [RecordId, RecordState][]
  days: Readonly<DaySpan> | undefined
  next: string | undefined
}

/** A record as it is to be stored; `created` where the store has no row of it, not even a tombstone. */
export type RecordChange = { id: RecordId; state: RecordState; created: boolean }

/** What a change of somebody has of grants and days, nearly always: nothing. */
export const NO_GRANTS: ReadonlyMap<Day, Granted> = new Map()
export const NO_DAYS: ReadonlyMap<Day, Tally> = new Map()

/** The changes to one person; see `decide`. */
export type ActorChange = {
  /** Whether the store first removes everything of theirs: records, events, questions, profile. */
  purge: boolean
  /** Whether the store removes them from other people's records. */
  erase: boolean
  actor: ActorState
  records: Map<RecordPath, RecordChange>
  /** All grants of each day on which they changed; an empty day is removed. */
  granted: ReadonlyMap<Day, Granted>
  /** The tally of each day before the running one that changed, or ended; one without counts is removed. */
  days: ReadonlyMap<Day, Tally>
  events: LedgerEvent[]
  /**
   * What the person now has on the boards on which that has changed; on all boards where they are shown again. People who
   * are not shown are on no board.
   */
  standings: readonly Standing[]
  /** Questions that are answered or given up, to be removed. */
  answered: QuestionId[]
  postponed: Postponed[]
  /** New questions, to be stored after `answered` and `postponed`. */
  asked: Ask[]
  /** The profile to store; `null` removes the stored one, `undefined` leaves it. */
  profile: Profile | null | undefined
  /** A handle that now belongs to someone else: it is removed from the stored profile if it is there. */
  unnamed: Handle | undefined
}

/** What a batch without operations changes. */
export function noChanges(): Changes {
  const outcomes = {
    applied: 0,
    repeated: 0,
    unreadable: 0,
    forgotten: 0,
    unfollowed: 0,
    stale: 0,
    implausible: 0,
  }
  return { actors: new Map(), fulfilled: [], outcomes }
}

/** The result of an operation: `applied` changed something, `repeated` was counted before, the others say why it was not. */
export type Outcome =
  | 'applied'
  | 'repeated'
  | 'unreadable'
  /** Nothing may be stored of the person; see `isErased`. */
  | 'forgotten'
  | 'unfollowed'
  | 'stale'
  | 'implausible'

export type Changes = {
  /** In the order in which people first appeared. */
  actors: Map<Did, ActorChange>
  /** Fulfilled wishes, to be removed from the inbox. */
  fulfilled: WishId[]
  outcomes: Record<Outcome, number>
}
