import type { AccountStatus, Did, Micros, Nsid } from '../../src/atproto/event.ts'
import type { Profile } from '../../src/atproto/profile.ts'
import type { RecordId } from '../../src/atproto/uri.ts'
import type { DayTally } from '../../src/game/days.ts'
import type { LedgerEvent } from '../../src/game/state.ts'
import { naiveDays } from '../naive-days.ts'
import { BASELINE, type ModelFacts } from './judge.ts'

const DAY_MS = 86_400_000
export const DAY: Micros = DAY_MS * 1000

/** A record in the model. The facts of an unreadable one are `undefined`. */
export type ModelRecord = {
  id: RecordId
  rev: string
  live: boolean
  xp: number
  facts: ModelFacts | undefined
  /** When it was first witnessed, in microseconds. */
  at: Micros
  /** The day that it claims, where an import brought it. */
  claimed: number | undefined
}

/** XP granted under a cap, for records of one collection that were first witnessed on one day. */
export type ModelGrant = { day: number; collection: Nsid; xp: number }

/** One entry of a timeline. Entries that one operation makes in no fixed order share a `group`. */
export type ModelEntry = LedgerEvent & { group: number; expired: Expired | undefined }

/** Why an entry may have been pruned: it was old once, or, if it never was, it was dated in the future. */
export type Expired = 'old' | 'future'

/** A person in the model; their XP is added up whenever it is needed. */
export type ModelPerson = {
  did: Did
  records: Map<string, ModelRecord>
  entries: ModelEntry[]
  grants: ModelGrant[]
  rev: string
  /** Nothing at or below it counts any more. */
  floor: string
  /** The revision of the repository that was imported last: what it wrote up to there is known. */
  head: string
  status: AccountStatus
  statusTime: Micros
  /** The time of the last deletion that purged; -1 if there was none. */
  purgedTime: Micros
  /** Whether their own profile record allows showing them, and its revision; `undefined` before the first one. */
  own: { rev: string; optedOut: boolean } | undefined
  /** The AppView's last answer about it. */
  answered: { optedOut: boolean } | undefined
  /** When the stream last sent their identity, and the handle in it. */
  named: { at: Micros; handle: string | undefined }
  forgotten: boolean
  /** What the person themselves asked for last: to be hidden, or to be deleted. */
  asked: 'hide' | 'leave' | undefined
  /** Not in `DIDS`: ingest would not learn of the person's deletion. */
  unfollowed: boolean
  profile: Profile | undefined
  asksProfile: boolean
  asksRepository: boolean
  asksImport: boolean
  /** The latest day on which a record of theirs earned XP. */
  latestDay: number
}

export function newPerson(did: Did): ModelPerson {
  return {
    did,
    records: new Map(),
    entries: [],
    grants: [],
    rev: '',
    floor: '',
    head: '',
    status: 'active',
    statusTime: 0,
    purgedTime: -1,
    own: undefined,
    answered: undefined,
    named: { at: 0, handle: undefined },
    forgotten: false,
    asked: undefined,
    unfollowed: false,
    profile: undefined,
    asksProfile: false,
    asksRepository: false,
    asksImport: false,
    latestDay: 0,
  }
}

/** Whether the timeline ever had an entry: only then is there a character. */
export function isBorn({ entries }: ModelPerson): boolean {
  return entries.length > 0
}

/** Whether their history may be imported: they are to be seen, as far as anybody has said. */
export function isImportable({ own, answered, status, forgotten, asked, unfollowed }: ModelPerson): boolean {
  const { optedOut } = own ?? answered ?? { optedOut: false }
  return status === 'active' && !optedOut && !forgotten && asked === undefined && !unfollowed
}

/** Whether nothing may be stored of this person. */
export function isErased({ forgotten, asked }: ModelPerson): boolean {
  return forgotten || asked === 'leave'
}

export function experienceOf({ records }: ModelPerson): number {
  let sum = 0
  for (const { xp } of records.values()) sum += xp
  return sum
}

/** The XP of records that were first witnessed in the ISO week and in the month, UTC, of the latest day that earned anything. */
export function periodsOf({ records, latestDay }: ModelPerson): { day: number; week: number; month: number } {
  const sums = { day: latestDay, week: 0, month: 0 }
  const [monday, month] = [mondayOf(latestDay), monthOf(latestDay)]
  for (const { id, xp, at, claimed } of records.values()) {
    if (id.collection === BASELINE || claimed !== undefined) continue
    const day = Math.floor(at / DAY)
    if (mondayOf(day) === monday) sums.week += xp
    if (monthOf(day) === month) sums.month += xp
  }
  return sums
}

/** What the live records of each day brought, by the day of their first witness, oldest first. */
export function daysOf({ records }: ModelPerson): DayTally[] {
  return naiveDays(
    records.values().map(({ id, live, xp, facts, at, claimed }) => {
      return [id, { live, xp, facts, at: Math.floor(at / 1_000_000), claimed }] as const
    }),
  )
}

/** The Monday of a day's week. */
function mondayOf(day: number): number {
  return day - ((new Date(day * DAY_MS).getUTCDay() + 6) % 7)
}

function monthOf(day: number): string {
  return new Date(day * DAY_MS).toISOString().slice(0, 7)
}

export function countsOf({ records }: ModelPerson): Map<Nsid, number> {
  const counts = new Map<Nsid, number>()
  for (const { id, live } of records.values()) {
    if (live) counts.set(id.collection, (counts.get(id.collection) ?? 0) + 1)
  }
  return counts
}
