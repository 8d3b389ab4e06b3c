// What the versions of a ledger's rules award, by which `verify` judges records and entries in every store.
import type { Nsid } from '@atcute/lexicons/syntax'
import { BASELINE } from '../game/baseline.ts'
import { readFingerprint } from '../game/rule-versions.ts'
import { type Rulebook, TRACKED, UNREADABLE } from '../game/rulebook.ts'
import type { ShownFacts } from '../game/rules/rule.ts'
import type { LedgerEvent } from '../game/state.ts'
import type { RulesState } from './rules.ts'

/** The names of findings about a person. */
export const VERSION_UNKNOWN = 'entries of versions of the rules that do not exist'
export const VERSION_AHEAD = "entries of later versions of the rules than the person's"
export const ENTRIES_AMISS = 'entries of which the version of the rules awards something else'
export const RECORDS_AMISS = "records to which the person's version of the rules awards something else"

type Awards = NonNullable<ReturnType<typeof readFingerprint>>

/** As much of a record as says what it should count for. */
export type Awarded = { live: boolean; xp: number; capped: boolean; facts: ShownFacts | undefined }

export class VersionAudit {
  readonly newest: number
  readonly #rules: Pick<Rulebook, 'award'>
  /** By version; `undefined` where another program stored it. */
  readonly #awards: readonly (Awards | undefined)[]

  constructor(
    { versions, isHalfRecomputed }: Pick<RulesState, 'versions' | 'isHalfRecomputed'>,
    rules: Pick<Rulebook, 'award'>,
  ) {
    this.newest = versions.length
    this.#rules = rules
    // A recompute that runs alone does not say how far it has come.
    const known = isHalfRecomputed ? [] : versions
    this.#awards = [undefined, ...known.map(({ fingerprint }) => readFingerprint(fingerprint))]
  }

  /** Whether a record counts for what `version` awards. Caps may give any part of that, since they go by what came before. */
  isRecordRight(version: number, collection: Nsid, { live, xp, capped, facts }: Awarded): boolean {
    if (!live) return xp === 0
    if (collection === BASELINE) return true
    const worth = this.#worth(version, this.#rules.award(collection, facts).reason)
    if (worth === undefined) return true
    return capped ? xp < worth : xp === worth
  }

  /**
   * Whether an entry has what its version awards, as far as the entry alone says that: where it created a record without a cap.
   * Entries from before there were versions, or of an export that named none, count as of version 1, whatever awarded them.
   */
  isEntryRight({
    rules,
    collection,
    cause,
    reason,
    delta,
  }: Omit<LedgerEvent, 'did' | 'rkey' | 'at' | 'experience'>) {
    if (cause !== 'create' || rules === 1) return true
    if (this.#awards[rules]?.caps[collection] !== undefined) return true
    const worth = this.#worth(rules, reason)
    return worth === undefined || delta === worth
  }

  /** `undefined` where it is not known. */
  #worth(version: number, reason: string): number | undefined {
    const awards = this.#awards[version]
    if (awards === undefined) return undefined
    return reason === TRACKED || reason === UNREADABLE ? 0 : awards.points[reason]
  }
}
