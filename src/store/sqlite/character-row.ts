import type { Did, Handle } from '@atcute/lexicons/syntax'
import type { Profile } from '../../atproto/profile.ts'
import type { Character } from '../store.ts'
import { liveCounts, readKinds } from './actor-row.ts'
import type { Names } from './names.ts'

/** What `toCharacter` reads, in its order: of `actors a` with `profiles p`. */
export const CHARACTER_COLUMNS =
  'a.id, a.did, a.experience, a.last_delta, a.updated_at, a.kinds, p.handle, p.display_name, p.avatar, p.asked'

export type CharacterRow = readonly [
  id: number,
  did: Did,
  experience: number,
  lastDelta: number,
  updatedAt: number,
  kinds: string,
  handle: Handle | null,
  displayName: string | null,
  avatar: string | null,
  asked: number | null,
]

/** Reads a row of `CHARACTER_COLUMNS`. */
export function toCharacter(row: CharacterRow, names: Names): Character {
  const [, did, experience, lastDelta, updatedAt, json, handle, displayName, avatar, asked] = row
  const kinds = readKinds(json, (id) => names.nsid(id))
  let lastEvent = 0
  for (const kind of kinds.values()) lastEvent = Math.max(lastEvent, kind.lastEvent)
  const profile: Profile | undefined =
    asked === null
      ? undefined
      : {
          handle: handle ?? undefined,
          displayName: displayName ?? undefined,
          avatar: avatar ?? undefined,
          asked,
        }
  return {
    did,
    profile,
    experience,
    lastDelta,
    counts: liveCounts(kinds),
    updatedAt: updatedAt * 1000,
    // Event ids are never used again, a profile is only replaced by one that was asked for later, and may lose its handle.
    version: `${lastEvent.toString(36)}.${(asked ?? 0).toString(36)}${handle === null ? '' : '.n'}`,
  }
}
