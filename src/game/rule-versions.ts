// The rules of a ledger have versions. Each is stored as data, from which the rulebook can be made again; so two of them can
// be in force at once, while people are moved one by one from the former to the newest.

import type { Nsid } from '../atproto/event.ts'
import { isObject } from '../atproto/json.ts'
import { type Counts, totalOf } from './days.ts'
import { type Rulebook, rulebook } from './rulebook.ts'
import type { ActorState } from './state.ts'
import type { Title } from './titles.ts'

/** One version of a ledger's rules, as it is stored. */
export type StoredRules = {
  version: number
  /** See `Rulebook.fingerprint`, of which the XP by reason and the caps can be read. */
  fingerprint: string
  /** `undefined` where an older program stored it. */
  titles: readonly Title[] | undefined
}

/**
 * Makes the rulebook that was stored. `undefined` where this program cannot award as it says: it is of a program whose rules
 * judged otherwise, or knew other reasons.
 */
export function rulebookOf({ version, fingerprint, titles }: StoredRules): Rulebook | undefined {
  const read = readFingerprint(fingerprint)
  if (read === undefined) return undefined
  try {
    const made = rulebook({ ...read, titles })
    return made.fingerprint === fingerprint ? { ...made, version } : undefined
  } catch (error) {
    if (error instanceof RangeError) return undefined
    throw error
  }
}

/** The XP by reason and the caps that a fingerprint names; `undefined` where it is not a rulebook's. */
export function readFingerprint(
  fingerprint: string,
): { points: Record<string, number>; caps: Record<Nsid, number> } | undefined {
  let parsed: unknown
  try {
    parsed = JSON.parse(fingerprint)
  } catch {
    return undefined
  }
  if (!isObject(parsed) || !isTable(parsed.points) || !isTable(parsed.caps)) return undefined
  return { points: Object.fromEntries(parsed.points), caps: Object.fromEntries(parsed.caps) }
}

function isTable(value: unknown): value is [string, number][] {
  return (
    Array.isArray(value) &&
    value.every(
      (entry: unknown) =>
        Array.isArray(entry) && typeof entry[0] === 'string' && typeof entry[1] === 'number',
    )
  )
}

/** Whose records the newest rules award otherwise than the former ones. */
export type RuleChange = {
  /** Reasons that are worth another amount of XP, and the collections of their records. */
  reasons: ReadonlyMap<string, Nsid>
  /** Collections of which the XP under a daily cap changes: what a record earns then depends on all others of its day. */
  capped: ReadonlySet<Nsid>
}

/** What differs between two rulebooks of the same rules. */
export function ruleChange(from: Rulebook, to: Rulebook): RuleChange {
  const reasons = new Map(
    Object.entries(to.collectionOf).filter(([reason]) => from.points[reason] !== to.points[reason]),
  )
  const changed = new Set(reasons.values())
  const capped = new Set(
    to.collections.filter((collection) => {
      const [before, after] = [from.caps[collection], to.caps[collection]]
      return before !== after || (after !== undefined && changed.has(collection))
    }),
  )
  return { reasons, capped }
}

/** As much of a person as says whether a change of the rules touches them. */
export type Judged = {
  /** Live records by reason. */
  tally: Counts
  /** Collections of which there ever was a record. */
  collections: Iterable<Nsid>
}

/**
 * Which of a person's records a change of the rules touches: none, those of some collections, or all. All where caps are
 * concerned, since what was deleted took its part of them, too.
 */
export function scopeOf(
  { reasons, capped }: RuleChange,
  { tally, collections }: Judged,
): 'none' | 'whole' | Nsid[] {
  for (const collection of collections) if (capped.has(collection)) return 'whole'
  const found = new Set<Nsid>()
  for (const [reason, collection] of reasons) if ((tally.get(reason) ?? 0) > 0) found.add(collection)
  return found.size === 0 ? 'none' : [...found]
}

/** The part of a person's state that `scopeOf` needs. */
export function judgedOf(
  state: Pick<ActorState, 'earlier' | 'running'>,
  collections: Iterable<Nsid>,
): Judged {
  return { tally: totalOf(state), collections }
}
