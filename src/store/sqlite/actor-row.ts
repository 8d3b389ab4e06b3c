import type { Did, Handle, Nsid, RecordKey, Tid } from '@atcute/lexicons/syntax'
import type { ActorState } from '../../game/state.ts'
import { liveCounts } from '../live-counts.ts'
import { readVisibility, visibilityOf } from '../visibility.ts'
import { placesOf } from './columns.ts'
import { readCounts, writeCounts } from './counts.ts'
import type { Names } from './names.ts'
import { integerToTid, isOrdered, tidToInteger } from './tid.ts'

/** The heads of a person's chains of events and records in one collection; each row names the one before it. */
export type Kind = {
  live: number
  /** Id of the newest event; 0 where there is none. */
  lastEvent: number
  /** Key of the record made last; `undefined` where there is none. */
  lastRecord: RecordKey | undefined
  /** The greatest of the keys that `isOrdered`: a greater one is certainly new, and needs no look-up. */
  greatest: Tid | undefined
}

/** One row of `actors`, as the writer caches it. */
export type ActorRow = {
  id: number
  /** False until the row is in the file. */
  stored: boolean
  state: ActorState
  kinds: Map<Nsid, Kind>
}

/** As much of `Names` as rows of people need. */
type RowNames = Pick<Names, 'nsid' | 'collection' | 'reason' | 'reasonId'>

type Written = (row: ActorRow, names: RowNames) => number | bigint | string | null

/** The columns of `actors` that change, with the value to write. */
const CHANGING = {
  standing: ({ state }) => visibilityOf(state),
  experience: ({ state }) => state.experience,
  last_delta: ({ state }) => state.lastDelta,
  updated_at: ({ state }) => state.updatedAt / 1000,
  rev: ({ state }) => integerOf(state.rev),
  floor: ({ state }) => integerOf(state.floor),
  head: ({ state }) => integerOf(state.head),
  status_time: ({ state }) => state.statusTime,
  kinds: ({ kinds }, names) => writeKinds(kinds, (nsid) => names.collection(nsid)),
  period_day: ({ state }) => state.periods.day,
  week_xp: ({ state }) => state.periods.week,
  month_xp: ({ state }) => state.periods.month,
  running_day: ({ state }) => state.running.day,
  running_xp: ({ state }) => state.running.experience,
  running_claimed: ({ state }) => state.running.claimed,
  running_counts: ({ state }, names) => writeCounts(state.running.counts, (reason) => names.reasonId(reason)),
  earlier_counts: ({ state }, names) => writeCounts(state.earlier, (reason) => names.reasonId(reason)),
  described: ({ state }) => state.described,
  purged_time: ({ state }) => state.purgedTime ?? null,
  profile_rev: ({ state }) => integerOf(state.profileRev),
  named_at: ({ state }) => state.namedAt,
  handle: ({ state }) => state.handle ?? null,
} as const satisfies Readonly<Record<string, Written>>

type Column = 'id' | 'did' | keyof typeof CHANGING

const WRITTEN: readonly Written[] = Object.values(CHANGING)

/** The columns that `changingValues` gives, in its order. */
export const CHANGING_COLUMNS = Object.keys(CHANGING) as readonly (keyof typeof CHANGING)[]

/** The columns that `actorRow` reads, in its order. All integers come as bigints. */
export const ACTOR_COLUMNS: readonly Column[] = ['id', 'did', ...CHANGING_COLUMNS]

const AT = placesOf(ACTOR_COLUMNS)

/** The values to write of `row`, in the order of `CHANGING_COLUMNS`; then its id. */
export function changingValues(row: ActorRow, names: RowNames): ReturnType<Written>[] {
  const values: ReturnType<Written>[] = []
  for (const written of WRITTEN) values.push(written(row, names))
  values.push(row.id)
  return values
}

/**
 * Reads a row of `ACTOR_COLUMNS`. The fields are in the order of `unknownActor`, for V8 reads objects faster where all have one
 * shape.
 */
export function actorRow(row: readonly unknown[], names: RowNames): ActorRow {
  const kinds = readKinds(row[AT.kinds] as string, (id) => names.nsid(id))
  const reason = (id: number): string => names.reason(id)
  const purgedTime = row[AT.purged_time]
  const visibility = readVisibility(Number(row[AT.standing]))
  return {
    id: Number(row[AT.id]),
    stored: true,
    state: {
      did: row[AT.did] as Did,
      born: visibility.born,
      experience: Number(row[AT.experience]),
      lastDelta: Number(row[AT.last_delta]),
      updatedAt: Number(row[AT.updated_at]) * 1000,
      periods: {
        day: Number(row[AT.period_day]),
        week: Number(row[AT.week_xp]),
        month: Number(row[AT.month_xp]),
      },
      running: {
        day: Number(row[AT.running_day]),
        experience: Number(row[AT.running_xp]),
        claimed: Number(row[AT.running_claimed]),
        counts: readCounts(row[AT.running_counts] as string, reason),
      },
      earlier: readCounts(row[AT.earlier_counts] as string, reason),
      described: Number(row[AT.described]),
      counts: liveCounts(kinds),
      rev: tidOf(row[AT.rev]),
      floor: tidOf(row[AT.floor]),
      head: tidOf(row[AT.head]),
      status: visibility.status,
      statusTime: Number(row[AT.status_time]),
      purgedTime: purgedTime === null ? undefined : Number(purgedTime),
      optedOut: visibility.optedOut,
      profileRev: tidOf(row[AT.profile_rev]),
      introduced: visibility.introduced,
      namedAt: Number(row[AT.named_at]),
      handle: (row[AT.handle] as Handle | null) ?? undefined,
      forgotten: visibility.forgotten,
      hidden: visibility.hidden,
      left: visibility.left,
      unfollowed: visibility.unfollowed,
    },
    kinds,
  }
}

function integerOf(tid: Tid | undefined): bigint | null {
  return tid === undefined ? null : tidToInteger(tid)
}

export function tidOf(integer: unknown): Tid | undefined {
  return integer === null ? undefined : integerToTid(integer as bigint)
}

/**
 * Reads the column `kinds`: for each collection `id,live,newest event,newest record,greatest key`, separated by spaces.
 * Event ids are in base 36; the greatest key is left out where it is the newest record's. Keys contain no comma or space.
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
