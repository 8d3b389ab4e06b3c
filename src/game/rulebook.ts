import type { Nsid } from '@atcute/lexicons/syntax'
import { builtInRules } from './rules/index.ts'
import { type AwardWords, type Facts, NO_FACTS, type Rule, type ShownFacts } from './rules/rule.ts'
import { builtInTitles, type Title, titleAt } from './titles.ts'

/** An operator's changes to the game, from the file that `RULES` names. */
export type RuleChanges = {
  /** XP by reason, in place of the built-in value. */
  points: Readonly<Record<string, number>>
  /** Maximum XP that a collection earns one character in one UTC day. */
  caps: Readonly<Record<Nsid, number>>
  titles: readonly Title[] | undefined
}

export const NO_CHANGES: RuleChanges = { points: {}, caps: {}, titles: undefined }

/** The XP that a record earns, and why. */
type Award = { reason: string; xp: number }

/** Reason of a record that its rule could not read. */
export const UNREADABLE = 'unreadable'
/** Reason of a record in a collection that is followed without a rule. */
export const TRACKED = 'tracked'

/** The rules of one running game: XP by collection and reason, caps, and titles of levels. */
export type Rulebook = {
  /** Which of the ledger's rules these are, counted from 1; entries name it. */
  version: number
  /** Collections with a rule, in the order in which they are listed. */
  collections: readonly Nsid[]
  /** The first words of their reasons, in the same order: `post` of `post.alt`. */
  kinds: readonly string[]
  points: Readonly<Record<string, number>>
  /** The collection whose records have each reason of `points`. */
  collectionOf: Readonly<Record<string, Nsid>>
  /** Each reason of `points` in words. */
  words: Readonly<Record<string, AwardWords>>
  caps: Readonly<Record<Nsid, number>>
  titles: readonly Title[]
  /** Equal exactly where two rulebooks award alike. A store is bound to it until it is recomputed. */
  fingerprint: string
  /** The facts of a record; `undefined` where its rule cannot read it, `NO_FACTS` where its collection has no rule. */
  assess(collection: Nsid, record: Readonly<Record<string, unknown>>): Facts | undefined
  /** The award for `facts` (`undefined`: unreadable) of a record in `collection`, before caps. */
  award(collection: Nsid, facts: ShownFacts | undefined): Award
  title(level: number): string
}

/**
 * Raise this when a rule's code awards the same facts differently: stores then ask to be recomputed. Do not raise it when
 * a rule reads other facts out of a record: only facts are stored, so a recompute cannot read the records again.
 */
const REVISION = 1

/**
 * Makes a rulebook of `rules` and an operator's `changes` to them.
 * @throws {RangeError} where a change names an unknown reason or collection, or is not a whole number of XP
 */
export function rulebook(changes: RuleChanges, rules: readonly Rule[] = builtInRules): Rulebook {
  const byCollection = new Map(rules.map((rule) => [rule.collection, rule]))
  const points = changed('points', Object.assign({}, ...rules.map((rule) => rule.points)), changes.points)
  for (const [collection, cap] of Object.entries(changes.caps)) {
    if (!byCollection.has(collection as Nsid)) throw unknown('caps', collection, [...byCollection.keys()])
    assertXp(`caps.${collection}`, cap)
  }
  const titles = changes.titles ?? builtInTitles
  assertTitles(titles)
  return {
    version: 1,
    collections: [...byCollection.keys()],
    kinds: [...new Set(Object.keys(points).map(kindOf))],
    points,
    collectionOf: Object.fromEntries(
      rules.flatMap(({ collection, points }) => Object.keys(points).map((reason) => [reason, collection])),
    ),
    words: Object.assign({}, ...rules.map((rule) => rule.words)),
    caps: changes.caps,
    titles,
    fingerprint: fingerprintOf(points, changes.caps),
    assess: (collection, record) => {
      const rule = byCollection.get(collection)
      if (rule === undefined) return NO_FACTS
      // A record has the `$type` of its collection. No server of the network would take this one.
      if (typeof record.$type === 'string' && record.$type !== collection) return undefined
      return bounded(rule.facts(record))
    },
    award: (collection, facts) => {
      const rule = byCollection.get(collection)
      if (rule === undefined) return { reason: TRACKED, xp: 0 }
      if (facts === undefined) return { reason: UNREADABLE, xp: 0 }
      const reason = rule.reason(facts)
      return { reason, xp: points[reason] ?? 0 }
    },
    title: (level) => titleAt(titles, level),
  }
}

/** Maximum length of `Facts.own`, in UTF-16 code units. */
export const MAX_OWN_LENGTH = 64

/** Cuts `own` off at its maximum, and replaces halves of characters and NUL, which not every store gives back. */
function bounded(facts: Facts | undefined): Facts | undefined {
  if (facts?.own === undefined) return facts
  const own = facts.own.slice(0, MAX_OWN_LENGTH).toWellFormed().replaceAll('\0', '\uFFFD')
  return { ...facts, own }
}

/** Reads `post` in the reason `post.alt`. */
export function kindOf(reason: string): string {
  const dot = reason.indexOf('.')
  return dot === -1 ? reason : reason.slice(0, dot)
}

/** Raise this when caps are counted differently. It is not in the fingerprint of rules without caps, which award the same. */
const CAPS_REVISION = 2

/** Raise this when records count for other days or reasons than before: the tallies of days are recomputed with the XP. */
const DAYS_REVISION = 1

function fingerprintOf(
  points: Readonly<Record<string, number>>,
  caps: Readonly<Record<string, number>>,
): string {
  const capped = Object.keys(caps).length > 0
  return JSON.stringify({
    revision: REVISION,
    daysRevision: DAYS_REVISION,
    points: sorted(points),
    caps: sorted(caps),
    ...(capped ? { capsRevision: CAPS_REVISION } : {}),
  })
}

function changed(where: string, builtIn: Record<string, number>, changes: Readonly<Record<string, number>>) {
  for (const [reason, xp] of Object.entries(changes)) {
    if (!Object.hasOwn(builtIn, reason)) throw unknown(where, reason, Object.keys(builtIn))
    assertXp(`${where}.${reason}`, xp)
  }
  return { ...builtIn, ...changes }
}

/** Far below 2^53 even for an account that fills its daily quota for a thousand years. */
const MAX_XP = 1_000_000

function assertXp(where: string, xp: number): void {
  if (!Number.isInteger(xp) || xp < 0 || xp > MAX_XP) {
    throw new RangeError(`${where} is ${xp}; expected a whole number from 0 to ${MAX_XP}`)
  }
}

function assertTitles(titles: readonly Title[]): void {
  const ascend = titles.every(
    ({ level }, i) => Number.isInteger(level) && level > (titles[i - 1]?.level ?? 0),
  )
  if (titles[0]?.level === 1 && ascend) return
  throw new RangeError('titles have to begin at level 1 and ascend from one to the next')
}

function unknown(where: string, name: string, known: readonly string[]): RangeError {
  return new RangeError(`${where} names ${JSON.stringify(name)}; expected one of ${known.join(', ')}`)
}

function sorted(table: Readonly<Record<string, number>>): [string, number][] {
  return Object.entries(table).sort(([a], [b]) => (a < b ? -1 : 1))
}
