import type { Did } from '@atcute/lexicons/syntax'
import type { Rulebook } from '../game/rulebook.ts'

/** Checks that records, events, characters, days and totals agree, also while the ledger is in use. */
export interface Auditor {
  /** @param rules say for which reason a record counts in the tally of its day */
  audit(rules: Pick<Rulebook, 'award'>, progress: (done: AuditProgress) => void): Promise<AuditResult>
  /**
   * Asks the writers to mend the findings that a crash may leave and that other rows can settle, such as counters.
   * @returns how many findings these are; the others stay
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

/** Two numbers that should agree and do not. `did` is `undefined` for a number of the whole ledger. */
export type Finding = { did: Did | undefined; what: string; expected: number; actual: number }
