import type { Did, Handle, Nsid } from '@atcute/lexicons/syntax'
import type { Profile } from '../../atproto/profile.ts'
import { byReason, type DayTally } from '../../game/days.ts'
import { liveCounts } from '../live-counts.ts'
import type { Character } from '../store.ts'
import { type Kind, readKinds } from './actor-row.ts'
import { placesOf } from './columns.ts'
import { markOf, readCounts, readSum } from './counts.ts'
import type { Names } from './names.ts'

/** The columns that `toCharacter` reads, of `actors a` joined with `profiles p`. */
const COLUMNS = [
  'a.id',
  'a.did',
  'a.experience',
  'a.last_delta',
  'a.updated_at',
  'a.kinds',
  'a.running_day',
  'a.running_xp',
  'a.running_claimed',
  'a.running_counts',
  'a.earlier_counts',
  'p.handle',
  'p.display_name',
  'p.avatar',
  'p.asked',
] as const

const AT = placesOf(COLUMNS)

/** The columns of a `CharacterRow`, in its order. */
export const CHARACTER_COLUMNS = COLUMNS.join(', ')

/** A row as an array; integers come as numbers. */
export type CharacterRow = readonly (string | number | null)[]

/** The person's id in other tables. */
export function idOf(row: CharacterRow): number {
  return Number(row[AT['a.id']])
}

/** The heads of the person's chains, by collection. */
export function kindsOf(row: CharacterRow, names: Names): Map<Nsid, Kind> {
  return readKinds(String(row[AT['a.kinds']]), (id) => names.nsid(id))
}

/** The tally of the person's running day. */
export function runningOf(row: CharacterRow, names: Names): DayTally {
  return {
    day: Number(row[AT['a.running_day']]),
    experience: Number(row[AT['a.running_xp']]),
    claimed: Number(row[AT['a.running_claimed']]),
    counts: readCounts(String(row[AT['a.running_counts']]), (id) => names.reason(id)),
  }
}

/** Reads a row of `CHARACTER_COLUMNS`. */
export function toCharacter(row: CharacterRow, names: Names): Character {
  const kinds = kindsOf(row, names)
  let lastEvent = 0
  for (const kind of kinds.values()) lastEvent = Math.max(lastEvent, kind.lastEvent)
  const [running, earlier] = [String(row[AT['a.running_counts']]), String(row[AT['a.earlier_counts']])]
  const reason = (id: number): string => names.reason(id)
  const handle = row[AT['p.handle']] as Handle | null
  const asked = row[AT['p.asked']] as number | null
  const profile: Profile | undefined =
    asked === null
      ? undefined
      : {
          handle: handle ?? undefined,
          displayName: (row[AT['p.display_name']] as string | null) ?? undefined,
          avatar: (row[AT['p.avatar']] as string | null) ?? undefined,
          asked,
        }
  return {
    did: row[AT['a.did']] as Did,
    profile,
    experience: Number(row[AT['a.experience']]),
    lastDelta: Number(row[AT['a.last_delta']]),
    counts: liveCounts(kinds),
    tally: byReason(readSum(earlier, running, reason)),
    updatedAt: Number(row[AT['a.updated_at']]) * 1000,
    // Event ids are never reused, and a new profile was asked for later than the old one. Losing a handle changes neither, nor
    // does a record that counts for another reason of as many XP.
    version: `${lastEvent.toString(36)}.${(asked ?? 0).toString(36)}.${markOf(`${earlier}+${running}`)}${handle === null ? '' : '.n'}`,
  }
}
