// What an export has of a ledger, and the two interfaces between which it passes: the source that reads a ledger, and the
// restorer that fills an empty one.
import type { Cursor } from '../../atproto/event.ts'
import type { Profile } from '../../atproto/profile.ts'
import type { RecordId } from '../../atproto/uri.ts'
import type { DayTally } from '../../game/days.ts'
import type { Followed } from '../../game/followed.ts'
import type { Wish } from '../../game/operation.ts'
import type { Question } from '../../game/question.ts'
import type { ActorState, Granted, LedgerEvent, RecordState } from '../../game/state.ts'
import type { Day, Seconds } from '../../game/time.ts'
import type { RulesVersion } from '../rules.ts'
import type { Gap, Heartbeat } from '../status.ts'

/** What a ledger stores of itself. */
export type LedgerState = {
  /** The versions of its rules, oldest first: the newest awards everybody. */
  versions: readonly RulesVersion[]
  cursor: Cursor
  heartbeat: Heartbeat | undefined
  followed: Followed | undefined
  gaps: readonly Gap[]
  wishes: readonly Pick<Wish, 'kind' | 'did' | 'at'>[]
}

/** What a ledger stores of a person, but for their records, events and questions. */
export type PersonCopy = {
  actor: ActorState
  profile: Profile | undefined
  /** Sum of the deltas of events that are no longer kept. */
  pruned: number
  granted: ReadonlyMap<Day, Granted>
  /** The days before the running one. */
  days: readonly DayTally[]
}

export type OpenQuestion = Question & { due: Seconds; tries: number }

/** A ledger as of one moment. */
export interface LedgerSource extends AsyncDisposable {
  readonly state: LedgerState
  /** Everybody of whom anything is stored. A person's own iterators are read before the next person. */
  people(): AsyncIterable<SourcePerson>
  /** In the order in which they are asked. */
  questions(): AsyncIterable<OpenQuestion>
}

export type SourcePerson = PersonCopy & {
  records(): AsyncIterable<[RecordId, RecordState]> | Iterable<[RecordId, RecordState]>
  /** Oldest first. */
  events(): AsyncIterable<LedgerEvent> | Iterable<LedgerEvent>
}

/** A part of a person: a person with many records comes in several. */
export type Piece = {
  person: PersonCopy
  isFirst: boolean
  records: [RecordId, RecordState][]
  events: OrderedEvent[]
}

/**
 * Events of different people have no order in an export; a store that enters all in one goes by `order`, which does not fall
 * from one event of a person to the next.
 */
export type OrderedEvent = { event: LedgerEvent; order: number }

/** A piece of an export that is stored as a whole or not at all. */
export type Block = {
  /** The number of its last line. */
  line: number
  pieces: Piece[]
  questions: OpenQuestion[]
}

/** Fills an empty ledger. Until it has finished, no other program uses the ledger. */
export interface Restorer extends AsyncDisposable {
  /** All blocks up to this line are stored; 0 at first. */
  readonly reached: number
  /** Stores `block`, and skips what is stored of it already. */
  put(block: Block): Promise<void>
  /** Stores the rest; from then on the ledger is like any other. */
  finish(state: LedgerState, progress: (done: number, total: number) => void): Promise<void>
}
