// The rules by which a ledger counts, and how its people are moved from one version of them to the next.
import type { Did } from '@atcute/lexicons/syntax'
import type { Micros } from '../atproto/event.ts'
import type { Judged, StoredRules } from '../game/rule-versions.ts'
import type { Known } from '../game/state.ts'
import type { Touched } from '../game/touched.ts'

/** Rules that a process asks for; the writers give them a version. */
export type WantedRules = Omit<StoredRules, 'version'>

/** `at` is when they came into force; `undefined` where an older program stored them. */
export type RulesVersion = StoredRules & { at: Micros | undefined }

export type RulesState = {
  /** Oldest first. The newest awards everybody but those who are still to be moved. Empty in a new ledger. */
  versions: readonly RulesVersion[]
  /** Whether a recompute that ran alone has begun and has not ended: nobody may write but another recompute. */
  isHalfRecomputed: boolean
  /** The move to the newest version, while it is under way: from which version, and about how much of it is done, 0 to 1. */
  move: { from: number; done: number } | undefined
  /** Rules that were left and that no writer has taken up yet. */
  wanted: WantedRules | undefined
}

/** What every process may see and ask for of a ledger's rules. */
export interface LedgerRules {
  state(): Promise<RulesState>
  /**
   * Leaves rules for the writers, who take them up within seconds, and move everybody to them. What was left before and was
   * not taken up yet is replaced.
   * @throws {StoreBusyError} where another program keeps the ledger locked
   */
  leave(rules: WantedRules): Promise<void>
  /** Opens a look at everybody, for a preview. It changes nothing, and keeps no writer waiting. */
  survey(): Promise<Survey>
}

export interface Survey extends AsyncDisposable {
  /** The next `limit` people after `after`, in an order that visits every person once. */
  people(after: Did | undefined, limit: number): Promise<SurveyedPerson[]>
  load(touched: Touched): Promise<Known>
}

/** A person as a change of the rules sees them. */
export type Visit = {
  did: Did
  judged: Judged
  /** Live records. */
  records: number
}

export type SurveyedPerson = Visit & { experience: number; isShown: boolean }

/** The next people whom a move has to visit, in its order. */
export type UnmovedPerson = Visit & {
  /** Where to go on with their records. */
  from: string | undefined
  /** Counts their records, tombstones included, and stops at `max`. */
  count: (max: number) => number
}

/**
 * How far a move has come: all people up to `after` have been moved, and of `part.did`, who comes right after them, the
 * records before `part.from`.
 */
export type MovePlace = { after: Did | undefined; part: { did: Did; from: string } | undefined }
