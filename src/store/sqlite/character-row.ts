import type { Did, Handle, Nsid } from '@atcute/lexicons/syntax'
import type { Profile } from '../../atproto/profile.ts'
import { liveCounts } from '../live-counts.ts'
import type { Character } from '../store.ts'
import { type Kind, readKinds } from './actor-row.ts'
import { placesOf } from './columns.ts'
import type { Names } from './names.ts'

/** The columns that `toCharacter` reads, of `actors a` joined with `profiles p`. */
const COLUMNS = [
  'a.id',
  'a.did',
  'a.experience',
  'a.last_delta',
  'a.updated_at',
  'a.kinds',
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

/** Reads a row of `CHARACTER_COLUMNS`. */
export function toCharacter(row: CharacterRow, names: Names): Character {
  const kinds = kindsOf(row, names)
  let lastEvent = 0
  for (const kind of kinds.values()) lastEvent = Math.max(lastEvent, kind.lastEvent)
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
    updatedAt: Number(row[AT['a.updated_at']]) * 1000,
    // Event ids are never reused, and a new profile was asked for later than the old one. Losing a handle changes neither.
    version: `${lastEvent.toString(36)}.${(asked ?? 0).toString(36)}${handle === null ? '' : '.n'}`,
  }
}
