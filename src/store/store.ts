// What every store can do, in separate halves: whoever gets a Reader cannot write, and there is one Writer at a time.
// A driver keeps what `game/` decided and decides nothing itself; all drivers pass the one suite in test/conformance.
import type { Did, Handle, Nsid } from '@atcute/lexicons/syntax'
import type { Cursor, Micros } from '../atproto/event.ts'
import type { Profile } from '../atproto/profile.ts'
import type { Followed } from '../game/followed.ts'
import type { Wish } from '../game/operation.ts'
import type { AskedQuestion, Changes, Known, LedgerEvent, QuestionId, QuestionKind } from '../game/state.ts'
import type { Seconds } from '../game/time.ts'
import type { Touched } from '../game/touched.ts'
import type { Expiry } from './expired.ts'

/** A store that is open; disposing closes what it holds. */
export interface Store extends AsyncDisposable {
  readonly reader: Reader
  readonly inbox: Inbox
  readonly auditor: Auditor
  /**
   * Takes the ledger for writing.
   * @throws {StoreBusyError} while another process holds it
   * @throws {RulesChangedError} where the ledger was made by other rules than `fingerprint` stands for
   */
  write(options: WriteOptions): Promise<Writer>
}

export type WriteOptions = {
  /** See `Rulebook.fingerprint`. */
  fingerprint: string
  /**
   * `keep` refuses a ledger that was awarded by other rules. `recompute` takes it whatever it was awarded by, and from
   * then on only another `recompute` will, until `bindRules` says that it is done.
   */
  purpose: 'keep' | 'recompute'
  /**
   * `alone` wants all of the ledger, and is refused where somebody else writes. `others` takes a part of it where a driver
   * can divide it among several processes; where it cannot, it is the same. @default 'alone'
   */
  company?: 'alone' | 'others'
  /** Ends a wait for programs that are not ours; what was to be written then is not. */
  signal?: AbortSignal
}

/** Looking never changes anything. Hidden people (see `isHidden`) are absent from everything here. */
export interface Reader {
  character(did: Did): Promise<Character | undefined>
  /** In the order asked for, without those that there are not. */
  characters(dids: readonly Did[]): Promise<Character[]>
  /** Who goes by `handle`, as far as profiles tell. */
  didOf(handle: Handle): Promise<Did | undefined>
  /** Newest first; `undefined` where there is no such character. */
  events(did: Did, page: EventsPage): Promise<Page<LedgerEvent> | undefined>
  /**
   * The top characters, as many as the store keeps: most experience first, equals in an order of the store's own that stays.
   * `around` begins so that the character stands in the middle; there is nobody on the page around one further down.
   */
  board(page: BoardPage): Promise<Page<Ranked>>
  /** How many shown characters hold how much XP, most first: what ranks are made of. */
  xpHistogram(): Promise<XpCount[]>
  /**
   * Ledger events after a position, oldest first, for followers of the whole game; see `Recent`.
   * @throws {InvalidCursorError} where the position is not one of this ledger, or lies ahead of it
   */
  recent(after: string | undefined, limit: number): Promise<Recent>
  status(): Promise<StoreStatus>
}

/** A person as everybody may see them. */
export type Character = {
  did: Did
  profile: Profile | undefined
  experience: number
  lastDelta: number
  /** Live records by collection. */
  counts: ReadonlyMap<Nsid, number>
  updatedAt: Micros
  /** Differs whenever anything else here does. */
  version: string
}

/** `cursor` is opaque; `undefined` where nothing follows, and to begin with. */
export type Page<T> = { items: T[]; cursor: string | undefined }

export type EventsPage = { type: Nsid | undefined; cursor: string | undefined; limit: number }

export type BoardPage = { cursor: string | undefined; around: Did | undefined; limit: number }

/** `rank` is 1 + the number of characters with more experience: equals share one. */
export type Ranked = { rank: number; character: Character }

export type XpCount = { experience: number; characters: number }

/** An event of the whole game with the position from which a follower who has seen it goes on. */
export type RecentEvent = LedgerEvent & { position: string }

/**
 * `position` is where to go on from. Without `after` there are no events, only the newest position. `missed` where what
 * came right after `after` is not kept any more; then there are no events either.
 */
export type Recent = { events: RecentEvent[]; position: string; missed: boolean }

/** The one that changes the ledger, for as long as it is not disposed. Its methods are called one after the other. */
export interface Writer extends AsyncDisposable {
  /** Whether a person belongs to the part of the ledger that this writer holds; everybody does where it is not divided. */
  owns(did: Did): boolean
  /**
   * For how long it is worth gathering what happens before it is committed, in milliseconds: much where a commit costs more
   * than its rows do.
   */
  readonly gatherMs: number
  /** Aborts when the part has grown: the stream has to go on from `cursor()`, so that nobody new misses anything. */
  readonly moved: AbortSignal
  /** What keeps this writer from parts of the ledger that it should hold, and what to do about it; empty where all is well. */
  faults(): readonly string[]
  /** Where the stream was when the last commit was made; where several parts differ, the least. */
  cursor(): Promise<Cursor | undefined>
  /** Drivers read as little as their layout allows. */
  load(touched: Touched): Promise<Known>
  /**
   * Durable when it resolves, per person all or nothing, and the cursor never before what it stands for. `changes` were
   * decided on what `load` last returned. An `undefined` cursor leaves the stored one.
   */
  commit(changes: Changes, cursor: Cursor | undefined): Promise<void>
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
  /** Wishes left in the inbox, oldest first; they stay until a commit says that they are fulfilled. */
  wishes(limit: number): Promise<Wish[]>
  /** Forgets up to `limit` events that have expired, keeping their sum; returns how many went. No young one does. */
  prune(expiry: Expiry, limit: number): Promise<number>
  /** Every person after `after`, a page at a time, so that all of a ledger can be gone through. */
  people(after: Did | undefined, limit: number): Promise<Did[]>
  /** All that is held is as these rules would have it; see `Rulebook.fingerprint`. */
  bindRules(fingerprint: string): Promise<void>
  recordGap(gap: Gap): Promise<void>
  /** What the ledger was last written with: one for each way in which its parts were, `undefined` for those that never said. */
  followed(): Promise<(Followed | undefined)[]>
  /** Remembers `now` where it was `before`, together with what was missed of it. */
  follow(change: { before: Followed | undefined; now: Followed; gaps: readonly Gap[] }): Promise<void>
  /** Says that whoever ingests is alive, and how far behind; every few seconds, whether or not anything happens. */
  beat(heartbeat: Heartbeat): Promise<void>
  /** Says the same for the last time: nothing more is taken from others. */
  lastBeat(heartbeat: Heartbeat): Promise<void>
  /** Notes how much the ledger and the network took, for what `StoreStatus` says of a day. */
  recordSample(sample: { at: Micros; networkBytes: number }): Promise<void>
}

/**
 * A sign of life of whoever ingests. `lag` is how far behind the network the ledger is: 0 while the stream is connected
 * and silent. `host` is `undefined` while not connected.
 */
export type Heartbeat = { at: Micros; lag: Micros; host: string | undefined }

/** A piece of the stream that was not seen and will not be. */
export type Gap = { host: string; from: Micros; to: Micros | undefined; reason: string; at: Micros }

/** Where anyone who is not the writer leaves what they want changed; it lasts until the writer takes it. */
export interface Inbox {
  leave(wish: WishToLeave): Promise<void>
}

export type WishToLeave = { kind: Wish['kind']; did: Did; at: Micros }

/** Checks that the books balance, on a ledger in use. */
export interface Auditor {
  audit(progress: (done: AuditProgress) => void): Promise<AuditResult>
  /**
   * Has whoever writes mend what a crash may leave behind and what follows from the rest, such as counters.
   * @returns how many findings that is; others stay
   */
  repair(result: AuditResult): Promise<number>
}

export type AuditProgress = { step: string; done: number; total: number }

export type AuditResult = {
  characters: number
  records: number
  events: number
  experience: number
  findings: Finding[]
}

/** Something that does not add up: whose, what it is, and the numbers that differ. */
export type Finding = { did: Did | undefined; what: string; expected: number; actual: number }

export type StoreStatus = {
  cursor: Cursor | undefined
  heartbeat: Heartbeat | undefined
  /** Those who are shown. */
  characters: number
  /** Those who are not, because nobody has said yet whether they want to be. */
  introductions: number
  /** Live records and tombstones. */
  records: number
  events: number
  experience: number
  /** Questions to the network that were never asked, and those that got no answer and are asked again. */
  waiting: Record<QuestionKind, number>
  postponed: Record<QuestionKind, number>
  gaps: Gap[]
  /** Bytes on disk; `undefined` where the driver cannot tell. */
  bytes: number | undefined
  /** At the rate of the latest samples; `undefined` before there are two. */
  perDay: { events: number; diskBytes: number | undefined; networkBytes: number } | undefined
}

/** Someone else writes to this ledger; only one may. */
export class StoreBusyError extends Error {
  override name = 'StoreBusyError'
}

/** The ledger was awarded by other rules than the program was started with. */
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

/** There is no room left for the ledger to grow. */
export class StoreFullError extends Error {
  override name = 'StoreFullError'
}
