import type { Did, Handle, Nsid, RecordKey, Tid } from '@atcute/lexicons/syntax'
import type { ActorState } from '../../game/state.ts'
import { readStanding } from '../standing.ts'
import { integerToTid, isOrdered } from './tid.ts'

/** Where a person's events and records of one collection begin, newest first. */
export type Kind = {
  live: number
  /** Id of the newest event; 0 where there is none. */
  lastEvent: number
  /** Key of the record made last; `undefined` where there is none. */
  lastRecord: RecordKey | undefined
  /** The greatest of the keys that `isOrdered`: a greater one is new for sure, and need not be looked up. */
  greatest: Tid | undefined
}

/** One row of `actors`, as the writer holds it. */
export type ActorRow = {
  id: number
  /** False until the row is in the file. */
  stored: boolean
  state: ActorState
  kinds: Map<Nsid, Kind>
}

/** The columns of `actors` that `actorRow` reads, in its order. All integers come as bigints. */
export const ACTOR_COLUMNS =
  'id, did, standing, experience, last_delta, updated_at, rev, floor, status_time, kinds, period_day, week_xp, month_xp, purged_time, profile_rev, named_at, handle'

/** Reads a row of `ACTOR_COLUMNS`. */
export function actorRow(row: readonly unknown[], nsid: (collection: number) => Nsid): ActorRow {
  const [id, did, standing, experience, lastDelta, updatedAt, rev, floor, statusTime, kinds, ...later] =
    row as [
      bigint,
      Did,
      bigint,
      bigint,
      bigint,
      bigint,
      bigint | null,
      bigint | null,
      bigint,
      string,
      day: bigint,
      week: bigint,
      month: bigint,
      purgedTime: bigint | null,
      profileRev: bigint | null,
      namedAt: bigint,
      handle: Handle | null,
    ]
  const [day, week, month, purgedTime, profileRev, namedAt, handle] = later
  const read = readKinds(kinds, nsid)
  return {
    id: Number(id),
    stored: true,
    kinds: read,
    state: {
      did,
      ...readStanding(Number(standing)),
      statusTime: Number(statusTime),
      purgedTime: purgedTime === null ? undefined : Number(purgedTime),
      experience: Number(experience),
      lastDelta: Number(lastDelta),
      updatedAt: Number(updatedAt) * 1000,
      periods: { day: Number(day), week: Number(week), month: Number(month) },
      counts: liveCounts(read),
      rev: rev === null ? undefined : integerToTid(rev),
      floor: floor === null ? undefined : integerToTid(floor),
      profileRev: profileRev === null ? undefined : integerToTid(profileRev),
      namedAt: Number(namedAt),
      handle: handle ?? undefined,
    },
  }
}

/**
 * Reads the column `kinds`: for each collection `id,live,newest event,newest record,greatest key`, with spaces in between.
 * Event ids are in base 36; a greatest key that is the newest record's own is left out. Neither sign occurs in a key.
 */
export function readKinds(text: string, nsid: (collection: number) => Nsid): Map<Nsid, Kind> {
  const kinds = new Map<Nsid, Kind>()
  if (text === '') return kinds
  for (const part of text.split(' ')) {
    const [collection, live, lastEvent = '', last = '', greatest] = part.split(',')
    const lastRecord = last === '' ? undefined : last
    kinds.set(nsid(Number(collection)), {
      live: Number(live),
      lastEvent: Number.parseInt(lastEvent, 36),
      lastRecord,
      greatest: greatest || (isOrdered(last) ? last : undefined),
    })
  }
  return kinds
}

/** Writes the column `kinds`; see `readKinds`. */
export function writeKinds(kinds: ReadonlyMap<Nsid, Kind>, id: (nsid: Nsid) => number): string {
  let text = ''
  for (const [nsid, { live, lastEvent, lastRecord, greatest }] of kinds) {
    if (text !== '') text += ' '
    text += `${id(nsid)},${live},${lastEvent.toString(36)},${lastRecord ?? ''}`
    if (greatest !== undefined && greatest !== lastRecord) text += `,${greatest}`
  }
  return text
}

/** Live records by collection; those without any are left out. */
export function liveCounts(kinds: ReadonlyMap<Nsid, Kind>): Map<Nsid, number> {
  const counts = new Map<Nsid, number>()
  for (const [nsid, { live }] of kinds) if (live > 0) counts.set(nsid, live)
  return counts
}
