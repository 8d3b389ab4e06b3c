// The audit of one person: reads all of their rows and adds them up.
import type { Did, Nsid } from '../../../atproto/event.ts'
import { BASELINE } from '../../../game/baseline.ts'
import { type DayShare, type DayTally, shareOf } from '../../../game/days.ts'
import { earned, NO_PERIODS } from '../../../game/periods.ts'
import type { Rulebook } from '../../../game/rulebook.ts'
import { ExpectedDays } from '../../day-findings.ts'
import type { PersonVersions } from '../audit-versions.ts'
import type { Row } from '../driver/paging.ts'
import type { Session } from '../driver/session.ts'
import { numberOf } from '../driver/values.ts'
import { allRecordBuckets, eventBucket } from '../rows/buckets.ts'
import type { Kind, StoredCharacter } from '../rows/character-row.ts'
import { readDay } from '../rows/day-row.ts'
import { readEvent } from '../rows/event-row.ts'
import { readClaimed, readShown } from '../rows/record-row.ts'

const RECORDS =
  'SELECT collection, live, xp, at, readable, media, own, claimed, capped FROM records WHERE did = ? AND bucket = ?'
const DAYS = 'SELECT * FROM days WHERE did = ?'
const EVENTS = 'SELECT * FROM events WHERE did = ? AND bucket = ?'
const EVENTS_BY_TYPE = 'SELECT * FROM events_by_type WHERE did = ? AND type = ? AND bucket = ?'

/** The sums of a person's records, and their tallies by day. `week` and `month` are those of the character's last active day, as its own row has them. */
export async function recordSums(
  session: Session,
  { rules, byVersion }: { rules: Pick<Rulebook, 'award'>; byVersion: PersonVersions },
  { state, records }: StoredCharacter,
) {
  const sums = { rows: 0, live: 0, xp: 0, week: 0, month: 0, days: new ExpectedDays() }
  await Promise.all(
    allRecordBuckets(records).map(async (bucket) => {
      for await (const rows of session.pagesForDecision(RECORDS, [state.did, bucket])) {
        for (const row of rows) {
          const { collection, live, xp, at } = row
          const share = readShare(rules, row)
          byVersion.addRecord(collection as Nsid, {
            live: live === true,
            xp: numberOf(xp),
            capped: row.capped === true,
            facts: readShown(row),
          })
          if (share !== undefined) sums.days.add(share)
          sums.rows += 1
          sums.live += Number(live)
          sums.xp += numberOf(xp)
          if (collection === BASELINE || numberOf(xp) === 0 || readClaimed(row) !== undefined) continue
          const { week, month } = earned(
            { ...NO_PERIODS, day: state.periods.day },
            numberOf(at),
            numberOf(xp),
          )
          sums.week += week
          sums.month += month
        }
      }
    }),
  )
  return sums
}

function readShare(rules: Pick<Rulebook, 'award'>, row: Row): DayShare | undefined {
  return shareOf(rules, row.collection as Nsid, {
    live: row.live === true,
    xp: numberOf(row.xp),
    facts: readShown(row),
    at: numberOf(row.at),
    claimed: readClaimed(row),
  })
}

/** What is stored of a person's days before the running one. */
export async function storedDays(session: Session, did: Did): Promise<DayTally[]> {
  return (await session.readForDecision(DAYS, [did])).map(readDay)
}

/** The sums of a person's events. The XP of pruned events is the experience before the oldest event that is stored. */
export async function eventSums(
  session: Session,
  byVersion: PersonVersions,
  { state, firstSeq, lastSeq }: StoredCharacter,
): Promise<{ rows: number; xp: number }> {
  if (lastSeq < firstSeq) return { rows: 0, xp: state.experience }
  const sums = { rows: 0, xp: 0 }
  let oldest: Row | undefined
  for (let bucket = eventBucket(lastSeq); bucket >= eventBucket(firstSeq); bucket--) {
    for await (const rows of session.pagesForDecision(EVENTS, [state.did, bucket])) {
      for (const row of rows) {
        byVersion.addEntry(readEvent(row))
        sums.rows += 1
        sums.xp += numberOf(row.delta)
        oldest = row
      }
    }
  }
  const after = numberOf((oldest?.leveling as { experience: unknown } | undefined)?.experience)
  // In this order: what is between must not be greater than numbers are exact for.
  return { rows: sums.rows, xp: sums.xp + (after - numberOf(oldest?.delta)) }
}

/** Adds a person's rows in `events_by_type` for one collection; returns how many there are. */
export async function eventsOfType(
  session: Session,
  byVersion: PersonVersions,
  {
    did,
    type,
    firstSeq: first,
    lastSeq: last,
  }: { did: Did; type: string } & Pick<Kind, 'firstSeq' | 'lastSeq'>,
): Promise<number> {
  let count = 0
  if (last < first) return 0
  for (let bucket = eventBucket(first); bucket <= eventBucket(last); bucket++) {
    for await (const rows of session.pagesForDecision(EVENTS_BY_TYPE, [did, type, bucket])) {
      for (const row of rows) byVersion.addEntry(readEvent(row))
      count += rows.length
    }
  }
  return count
}
