// The interface of every store, with reading and writing apart: a Reader cannot write, and each part of a ledger has one
// Writer at a time. A driver stores what `game/` decides and decides nothing itself; all pass the suite in test/conformance.
import type { Did, Handle, Nsid, Tid } from '@atcute/lexicons/syntax'
import type { Cursor, Micros } from '../atproto/event.ts'
import type { Profile } from '../atproto/profile.ts'
import type { RecordId } from '../atproto/uri.ts'
import type { PeriodBoard } from '../game/boards.ts'
import type { Counts, DayTally } from '../game/days.ts'
import type { Followed } from '../game/followed.ts'
import type { RecordsPart, Wish } from '../game/operation.ts'
import type { AskedQuestion, PersonQuestion, QuestionId, QuestionKind } from '../game/question.ts'
import type { Changes, Known, LedgerEvent, RecordState, Visibility } from '../game/state.ts'
import type { Seconds } from '../game/time.ts'
import type { Title } from '../game/titles.ts'
import type { Touched } from '../game/touched.ts'
import type { Auditor } from './auditor.ts'
import type { Expiry } from './expired.ts'
import type { LedgerSource, Restorer } from './export/ledger-copy.ts'
import type { WriterMeasures } from './measures.ts'
import type { NewGap, Reconciliation, ReconciliationStep } from './reconciliation.ts'
import type { LedgerRules, MovePlace, RulesState, UnmovedPerson } from './rules.ts'
import type { Sessions } from './sessions.ts'
import type { SlicedFold } from './slices.ts'
import type { Gap, Heartbeat, StoreStatus } from './status.ts'

/** An open store; disposing closes its connections. */
export interface Store extends AsyncDisposable {
  readonly reader: Reader
  readonly inbox: Inbox
  readonly sessions: Sessions
  readonly rules: LedgerRules
  readonly auditor: Auditor
  /**
   * Takes the ledger for writing.
   * @throws {StoreBusyError} while another process writes to it
   * @throws {RulesChangedError} where other rules than those of `fingerprint` awarded it
   */
  write(options: WriteOptions): Promise<Writer>
  /**
   * Opens all of the ledger for reading as it is at this moment. On a cluster no other process may write meanwhile.
   * @throws {StoreBusyError} while one does
   * @throws {StoreError} where the ledger has nothing yet, or is half recomputed
   */
  source(): Promise<LedgerSource>
  /**
   * Takes an empty ledger to fill it from the export that `id` names, or one that was begun to be filled from it.
   * @throws {StoreError} where there is anything else in it
   */
  restore(id: string): Promise<Restorer>
}

export type WriteOptions = {
  /** See `Rulebook.fingerprint`. */
  fingerprint: string
  /** Titles to store with them, in place of the stored ones. @default those that are stored */
  titles?: readonly Title[]
  /**
   * `keep` refuses a ledger that other rules awarded. `recompute` takes any; from then on only another `recompute` is
   * accepted, until `bindRules` ends it.
   */
  purpose: 'keep' | 'recompute'
  /**
   * `alone` takes the whole ledger, and is refused while another process writes. `others` shares it with other processes
   * where the driver can divide it; elsewhere it is the same as `alone`. @default 'alone'
   */
  company?: 'alone' | 'others'
  /** Ends a wait for another program's lock; the pending write fails. */
  signal?: AbortSignal
}

/** Reading never changes anything. Hidden people (see `isHidden`) are absent from all results but `own`. */
export interface Reader {
  character(did: Did): Promise<Character | undefined>
  /** In the order asked for; unknown ones are omitted. */
  characters(dids: readonly Did[]): Promise<Character[]>
  /** The character whose stored profile has `handle`. */
  didOf(handle: Handle): Promise<Did | undefined>
  /** Newest first; `undefined` where there is no such character. */
  events(did: Did, page: EventsPage): Promise<Page<LedgerEvent> | undefined>
  /**
   * Every live record of a character, in no order, by pages of `pageSize` at most; none where there is no such character, and none
   * any more once they are not shown. A record that changes meanwhile may be as before or after.
   */
  records(did: Did, pageSize: number): AsyncIterable<[RecordId, RecordState][]>
  /** What the live records of each day brought, oldest first; `undefined` where there is no such character. */
  days(did: Did): Promise<DayTally[] | undefined>
  /**
   * The top characters, as many as the store keeps, by descending experience; equals are in a stable order of the store's own.
   * With `around` that character stands in the middle of the page; the page is empty where the board does not reach down to it.
   */
  board(page: BoardPage): Promise<Page<Ranked>>
  /**
   * The same of one week or month, by what was earned in it; nobody with 0 is on it. `undefined` where there is no board of
   * that period: nobody who is shown has earned anything in it, or it is no longer kept.
   */
  periodBoard(board: PeriodBoard, page: BoardPage): Promise<Page<Placed> | undefined>
  /** The number of shown characters at each amount of XP, highest first, from which ranks are computed. */
  xpHistogram(): Promise<XpCount[]>
  /**
   * Ledger events after a position, oldest first, for followers of the whole game; see `Recent`.
   * @throws {InvalidCursorError} where the position is not one of this ledger, or lies ahead of it
   */
  recent(after: string | undefined, limit: number): Promise<Recent>
  /** Of the newest `limit` events of the whole game, or as many as the store has at hand, those of shown people; newest first. */
  latest(limit: number): Promise<LedgerEvent[]>
  status(): Promise<StoreStatus>
  /**
   * What is stored of a person, for themselves alone: also while nobody else may see them. `undefined` where there is nothing, not
   * even a wish of theirs.
   */
  own(did: Did): Promise<OwnCharacter | undefined>
  /**
   * How far the import of a person's history is; of people who are not introduced yet, too. `undefined` where the person is
   * unknown, or is not to be imported (see `isImportable`).
   */
  importStatus(did: Did): Promise<ImportStatus | undefined>
}

export type ImportStatus = {
  /** The question is open: an import waits, or is under way. */
  isOpen: boolean
  /** How often it was tried without success since it was asked for. */
  tries: number
  /** The revision of the repository that was imported last. */
  head: Tid | undefined
  /** Live records. */
  records: number
  experience: number
}

/** A person as readers see them. */
export type Character = {
  did: Did
  profile: Profile | undefined
  experience: number
  lastDelta: number
  /** Live records by collection. */
  counts: ReadonlyMap<Nsid, number>
  /** Live records by the reason for their XP; see `shareOf` for those that have none. */
  tally: Counts
  updatedAt: Micros
  /** Differs whenever anything else here does. */
  version: string
}

/** A person as they see themselves, with what decides whether others see them. */
export type OwnCharacter = Pick<Character, 'did' | 'profile' | 'experience' | 'counts'> & Visibility

/** `cursor` is opaque; `undefined` on the last page. */
export type Page<T> = { items: T[]; cursor: string | undefined }

/** `next` is the mark of the page that follows; `undefined` on the last page, which may be empty. */
export type RecordPage = { records: [RecordId, RecordState][]; next: string | undefined }

export type EventsPage = { type: Nsid | undefined; cursor: string | undefined; limit: number }

export type BoardPage = { cursor: string | undefined; around: Did | undefined; limit: number }

/** `rank` is 1 + the number of characters with more experience: equals share one. */
export type Ranked = { rank: number; character: Character }

/** A place on the board of a period. */
export type Placed = Ranked & { earned: number }

export type XpCount = { experience: number; characters: number }

/** An event, with the position to pass as `after` for the events that follow it. */
export type RecentEvent = LedgerEvent & { position: string }

/**
 * `position` is the next call's `after`. Without `after` there are no events, only the newest position. `missed` says that
 * the events right after `after` have been pruned; then there are no events either. `more` says that there may be more after
 * `position`: a page may have fewer than `limit` events, or none, because those of people who are not shown are left out.
 */
export type Recent = { events: RecentEvent[]; position: string; missed: boolean; more: boolean }

/** Changes the ledger, or its part of it, until it is disposed. The caller awaits each method before it calls the next. */
export interface Writer extends AsyncDisposable {
  /** Whether a person is in a shard of this writer's; true for everybody where the ledger is not divided. */
  owns(did: Did): boolean
  /**
   * Identifies the lease under which this writer has a person's shard: another one whenever the shard was lost meanwhile, even
   * to nobody. `undefined` where the shard is not this writer's; always the same where the ledger is not divided.
   */
  leaseOf(did: Did): object | undefined
  /**
   * How long ingest collects operations before it commits them as one batch, in milliseconds. Longer on a cluster, where a
   * commit costs more than the rows that it writes.
   */
  readonly batchWindowMs: number
  /** Aborts when this writer has taken over shards: subscribe again from `cursor()`, which may be further back. */
  readonly moved: AbortSignal
  /** One message for each shard that this writer should own and cannot: why, and what to do. */
  faults(): readonly string[]
  /** For metrics; never fails. */
  measures(): WriterMeasures
  /** The stream's place at the last commit; of several shards' places the earliest. */
  cursor(): Promise<Cursor | undefined>
  /**
   * Remembers where the stream begins, unless the ledger has a beginning already. All that comes after its beginning is promised,
   * also to a part of it that has committed nothing yet: `cursor()` is never later. Where another process has begun further
   * back, `moved` aborts.
   */
  begin(cursor: Cursor): Promise<void>
  /** Reads the state that `decide` needs; see `touched`. */
  load(touched: Touched): Promise<Known>
  /**
   * Durable when it resolves. Each person's changes are stored as a whole or not at all, and the cursor never before the
   * changes that it covers. `changes` must be decided on the result of the last `load`. An `undefined` cursor leaves the
   * stored one.
   */
  commit(changes: Changes, cursor: Cursor | undefined): Promise<void>
  /** For long batches; `undefined` where the store would rather have them as a whole. */
  readonly sliced: SlicedFold | undefined
  /**
   * Open questions that may be asked at `now`, without those in `except`: first those that were never asked, oldest first,
   * then those whose pause is over.
   */
  questions(
    kind: QuestionKind,
    limit: number,
    except: ReadonlySet<QuestionId>,
    now: Seconds,
  ): Promise<AskedQuestion[]>
  /** The open questions of this kind about `dids`, those of this writer's people, whether or not they are due. */
  questionsAbout(kind: PersonQuestion['kind'], dids: readonly Did[]): Promise<AskedQuestion[]>
  /** Wishes in the inbox, oldest first; they stay there until a commit has them in `fulfilled`. */
  wishes(limit: number): Promise<Wish[]>
  /** Removes up to `limit` expired events, keeps their sums, and returns how many it removed. Never removes a young one. */
  prune(expiry: Expiry, limit: number): Promise<number>
  /**
   * Up to `limit` records of a person, tombstones included, after those of the page before (`after` is its `next`). Visits every
   * record once that is there from the first page to the last.
   */
  records(did: Did, after: string | undefined, limit: number): Promise<RecordPage>
  /** The next `limit` people after `after`, in an order that visits every person once. */
  people(after: Did | undefined, limit: number): Promise<Did[]>
  /** Ends a recompute: all of the ledger is now awarded by the rules of `fingerprint`. */
  bindRules(fingerprint: string): Promise<void>
  /**
   * Takes up rules that another process has left: they become the newest version, to which everybody is to be moved. While a
   * move is under way they wait. Says which rules are in force then, and how far the move is.
   */
  takeUpRules(at: Micros): Promise<RulesState>
  /** The next people of this writer whom the move has to visit; none at its end. Where one is half moved, only that one. */
  unmoved(limit: number): Promise<UnmovedPerson[]>
  /**
   * Reads up to `part.limit` more of the records of `part.collections`, to learn on which days they count; a part by day can be
   * loaded once all have been read. What is committed meanwhile is noted. @returns whether all have been read
   */
  indexDays(did: Did, part: RecordsPart): Promise<boolean>
  /** Commits `changes`, decided on the result of the last `load`, and how far the move has come, as one. */
  commitMoved(changes: Changes, place: MovePlace): Promise<void>
  /** Ends the move, once there is nobody left to visit. */
  endMove(): Promise<void>
  recordGap(gap: Gap): Promise<void>
  /** Has everybody who is known compared with their repository, since a gap has been noticed. To be called before its cursor is stored. */
  queueReconciliation(gap: NewGap): Promise<void>
  /**
   * The reconciliation that this writer has to go on with; `undefined` where none is open. On a cluster it may be the part of
   * some shards, and another one follows.
   */
  reconciliation(): Promise<Pick<Reconciliation, 'since' | 'after'> | undefined>
  /** Begins it, or goes on with it: from now on a further gap is another one's. `undefined` as in `reconciliation`. */
  beginReconciliation(): Promise<Pick<Reconciliation, 'since' | 'latest' | 'after'> | undefined>
  /** The next people of that reconciliation after `after`; none after the last. */
  unreconciled(after: Did | undefined, limit: number): Promise<Did[]>
  /** Notes how far that reconciliation has come. */
  reconciled(step: ReconciliationStep): Promise<void>
  /** Ends that reconciliation, once there is nobody left, and begins the one that waits, if one does. */
  endReconciliation(at: Micros): Promise<void>
  /** What the last runs followed, without repetitions: shards may differ. `undefined` stands for shards that stored nothing. */
  followed(): Promise<(Followed | undefined)[]>
  /**
   * Replaces `before` by `now` where it is stored, records the `gaps`, and has everybody there compared with their repository
   * since `missed`, first of all. Leaves shards alone that were away since the last call of `followed`, whose people nobody has
   * looked through.
   */
  follow(change: FollowChange): Promise<void>
  /** When the last heartbeat was written, by the clock of its worker; of several shards' heartbeats the earliest. */
  heard(): Promise<Micros | undefined>
  /** Writes a heartbeat; called every few seconds, whether or not events come. */
  beat(heartbeat: Heartbeat): Promise<void>
  /** Writes the last heartbeat, after which this writer takes over no more shards. */
  lastBeat(heartbeat: Heartbeat): Promise<void>
  /** Records the ledger's size and the bytes received since the last sample, for `StoreStatus.perDay`. */
  recordSample(sample: { at: Micros; networkBytes: number }): Promise<void>
}

/**
 * Where other processes leave wishes for the writer. They are durable until the writer has fulfilled them; a look-up may get lost
 * where no writer is at work for minutes.
 */
export interface Inbox {
  leave(wish: WishToLeave): Promise<void>
}

export type WishToLeave = { kind: Wish['kind']; did: Did; at: Micros }

export type FollowChange = {
  before: Followed | undefined
  now: Followed
  gaps: readonly Gap[]
  missed: NewGap | undefined
}

/** Another process writes to this ledger, or has it locked. */
export class StoreBusyError extends Error {
  override name = 'StoreBusyError'
}

/** Other rules than the program's awarded this ledger, or a recompute of it has not ended. */
export class RulesChangedError extends Error {
  override name = 'RulesChangedError'
}

/** A request's cursor is not one that this store gave out. */
export class InvalidCursorError extends Error {
  override name = 'InvalidCursorError'
}

/** The store cannot be used as it is: made by a newer program, damaged, or unreachable. */
export class StoreError extends Error {
  override name = 'StoreError'
}

/** The disk has no room left for the ledger. */
export class StoreFullError extends Error {
  override name = 'StoreFullError'
}
