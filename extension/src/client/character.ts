import * as v from 'valibot'
import { Character as Schema } from './schemas.ts'
import { type Title, tierOf } from './titles.ts'

/** A character, as badges and panels show it. */
export type Character = {
  did: string
  handle: string | null
  displayName: string | null
  title: string
  level: number
  experience: number
  /** XP until the next level; 0 at the highest. */
  missing: number
  /** From this level's beginning to the next one's, in percent. */
  progress: number
  rank: { position: number; of: number } | null
  attributes: { voice: number; clarity: number; warmth: number; echo: number }
  /** The colour of the title, from 0 to 9. */
  tier: number
}

/** The character in a server's answer; `undefined` if it is not one. */
export function readCharacter(value: unknown, titles: readonly Title[]): Character | undefined {
  const read = v.safeParse(Schema, value)
  if (!read.success) return undefined
  const { leveling, ...rest } = read.output
  return {
    ...rest,
    level: leveling.level,
    experience: leveling.experience,
    missing: leveling.experienceToNextLevel,
    progress: leveling.progressPercentage,
    tier: tierOf(leveling.level, titles),
  }
}
