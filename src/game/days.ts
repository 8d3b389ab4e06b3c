// What a person's live records of each UTC day brought: the projection behind the year, boards of past periods and advice.
// A record counts on the day of its first witness; one that a fetched repository brought, on the day that it claims.
import { isTid, type Nsid, type RecordKey } from '@atcute/lexicons/syntax'
import { parse } from '@atcute/tid'
import { BASELINE } from './baseline.ts'
import { type Rulebook, TRACKED, UNREADABLE } from './rulebook.ts'
import type { ShownFacts } from './rules/rule.ts'
import { DAY_MS, type Day, dayOf, type Seconds } from './time.ts'

/** How many live records there are by the reason for their XP, such as `post.alt`; reasons without any are left out. */
export type Counts = ReadonlyMap<string, number>

/** What live records brought; nothing where there are no `counts`. */
export type Tally = {
  /** XP of the records that were witnessed. */
  experience: number
  /** XP of the records that a fetched repository brought. */
  claimed: number
  counts: Counts
}

export type DayTally = Tally & { day: Day }

/** The reasons of posts with media: those of which all media are described, and the others. */
export const DESCRIBED = 'post.alt'
export const BARE = 'post.media'

/** Put before the reasons of records that a fetched repository brought, while they are counted: boards leave them out. */
const CLAIMED = 'claimed:'

export const NO_COUNTS: Counts = new Map()
export const NO_TALLY: Tally = { experience: 0, claimed: 0, counts: NO_COUNTS }
/** The running day of a person of whom nothing has counted yet. */
export const NO_DAY: DayTally = { day: 0, ...NO_TALLY }

/** What one record adds to the tally of its day. */
export type DayShare = { day: Day; experience: number; claimed: number; reason: string }

/** As much of a record's state as says what it adds to its day. */
type Counted = {
  live: boolean
  xp: number
  facts: ShownFacts | undefined
  at: Seconds
  claimed: Day | undefined
}

/**
 * What a record adds to the tally of its day. `undefined` where it adds nothing: one that is deleted, unreadable, or of a
 * collection without a rule, and a baseline, which belongs to no day.
 */
export function shareOf(
  rules: Pick<Rulebook, 'award'>,
  collection: Nsid,
  record: Counted | undefined,
): DayShare | undefined {
  if (!record?.live || collection === BASELINE) return undefined
  const { reason } = rules.award(collection, record.facts)
  if (reason === TRACKED || reason === UNREADABLE) return undefined
  return record.claimed === undefined
    ? { day: dayOf(record.at), experience: record.xp, claimed: 0, reason }
    : { day: record.claimed, experience: 0, claimed: record.xp, reason: `${CLAIMED}${reason}` }
}

/** Adds the share of one record to `tally`, or takes it out again. */
export function withShare(tally: Tally, { experience, claimed, reason }: DayShare, step: 1 | -1): Tally {
  return {
    experience: tally.experience + step * experience,
    claimed: tally.claimed + step * claimed,
    counts: withCount(tally.counts, reason, step),
  }
}

/** `counts` with `step` more of `key`; what there is none of is left out. */
export function withCount<Key>(counts: ReadonlyMap<Key, number>, key: Key, step: number): Map<Key, number> {
  // Twice for every record: `new Map(counts)` takes more than twice as long.
  const changed = new Map<Key, number>()
  for (const [other, n] of counts) changed.set(other, n)
  const n = (counts.get(key) ?? 0) + step
  if (n === 0) changed.delete(key)
  else changed.set(key, n)
  return changed
}

export function isSameShare(a: DayShare, b: DayShare): boolean {
  return a.day === b.day && a.reason === b.reason && a.experience === b.experience && a.claimed === b.claimed
}

/** The sum of two counts. */
export function sumOf(a: Counts, b: Counts): Counts {
  if (a.size === 0) return b
  if (b.size === 0) return a
  const sum = new Map(a)
  for (const [reason, n] of b) sum.set(reason, (sum.get(reason) ?? 0) + n)
  return sum
}

/** All of a person's live records by reason. */
export function totalOf({ earlier, running }: { earlier: Counts; running: Tally }): Counts {
  return byReason(sumOf(earlier, running.counts))
}

/**
 * All days of a person that have something, oldest first: the stored ones and the running one. Where a reader has seen it as
 * running and a moment later as stored, the latter holds.
 */
export function daysOf(stored: readonly DayTally[], running: DayTally): DayTally[] {
  const hasEnded = stored.some(({ day }) => day === running.day)
  const days = hasEnded || running.counts.size === 0 ? [...stored] : [...stored, running]
  return days.map((day) => ({ ...day, counts: byReason(day.counts) })).sort((a, b) => a.day - b.day)
}

/** Joins what a fetched repository brought with what was witnessed. */
export function byReason(counts: Counts): Counts {
  let joined: Map<string, number> | undefined
  for (const [reason, n] of counts) {
    if (!reason.startsWith(CLAIMED)) continue
    joined ??= new Map(counts)
    const plain = reason.slice(CLAIMED.length)
    joined.delete(reason)
    joined.set(plain, (joined.get(plain) ?? 0) + n)
  }
  return joined ?? counts
}

export function isSameTally(a: Tally, b: Tally): boolean {
  return a.experience === b.experience && a.claimed === b.claimed && isSameCounts(a.counts, b.counts)
}

export function isSameCounts(a: Counts, b: Counts): boolean {
  return a.size === b.size && [...a].every(([reason, n]) => b.get(reason) === n)
}

/** 2022-11-01: Bluesky has no older records. */
const FIRST_DAY: Day = Date.UTC(2022, 10, 1) / DAY_MS

/**
 * The day by which a record of a fetched repository counts: that of its key where this is a TID, else the one that its
 * `createdAt` names. Clients choose both, so a day before 2022-11-01 or after the one on which the record was `witnessed` is
 * not believed; where neither can be, it is the latter.
 */
export function claimedDay(rkey: RecordKey, named: Day | undefined, witnessed: Day): Day {
  const ofKey = isTid(rkey) ? dayOfMs(parse(rkey).timestamp / 1_000) : undefined
  const isPlausible = (day: Day | undefined): day is Day =>
    day !== undefined && day >= FIRST_DAY && day <= witnessed
  if (isPlausible(ofKey)) return ofKey
  return isPlausible(named) ? named : witnessed
}

/** The day that a record's `createdAt` names; `undefined` where it names none. */
export function dayNamed(createdAt: unknown): Day | undefined {
  const ms = typeof createdAt === 'string' ? Date.parse(createdAt) : Number.NaN
  return Number.isNaN(ms) ? undefined : dayOfMs(ms)
}

function dayOfMs(ms: number): Day {
  return Math.floor(ms / DAY_MS)
}
