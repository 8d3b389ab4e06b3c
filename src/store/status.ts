import type { Cursor, Micros } from '../atproto/event.ts'
import type { Counts } from '../game/days.ts'
import type { QuestionKind } from '../game/question.ts'
import type { Day } from '../game/time.ts'
import type { ReconciliationStatus } from './reconciliation.ts'

/**
 * A worker's sign of life. `lag` is how far behind the network the ledger is: 0 while the stream is connected and silent.
 * `host` is `undefined` while it is not connected.
 */
export type Heartbeat = { at: Micros; lag: Micros; host: string | undefined }

/** A piece of the stream that was missed for good. `to` is `undefined` where its end is not known. */
export type Gap = { host: string; from: Micros; to: Micros | undefined; reason: string; at: Micros }

/** Maximum gaps in a status. */
export const MAX_GAPS = 100

export type StoreStatus = {
  /** Up to where the ledger has the stream; `undefined` where it has only begun. */
  cursor: Cursor | undefined
  heartbeat: Heartbeat | undefined
  /** Shown characters. */
  characters: number
  /** Characters that are not shown only because they are not introduced yet. */
  introductions: number
  /** Live records and tombstones. */
  records: number
  events: number
  experience: number
  /** What the live records of everybody brought on the latest day on which any counted, hidden people's included. */
  today: { day: Day; counts: Counts }
  /** Questions to the network that were never asked, and those to be asked again. */
  waiting: Record<QuestionKind, number>
  postponed: Record<QuestionKind, number>
  /** The newest `MAX_GAPS` at most, newest first. */
  gaps: Gap[]
  /** The reconciliation that is under way, or the last one; `undefined` where there was none. */
  reconciliation: ReconciliationStatus | undefined
  /** Bytes on disk; `undefined` where the driver cannot tell. */
  bytes: number | undefined
  /** At the rate of the latest samples; `undefined` before there are two. */
  perDay: { events: number; diskBytes: number | undefined; networkBytes: number } | undefined
}
