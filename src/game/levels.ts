/** A character's level and progress. Whole numbers, exact up to 2^53 - 1. */
export type Leveling = {
  level: number
  /** Present XP. */
  experience: number
  /** XP that remain until the next level begins; 0 at the cap. */
  experienceToNextLevel: number
  /** Levels that the last event brought; negative after a reversal. */
  levelsGained: number
  /** 0 to 100 from this level's beginning to the next one's, rounded down; 100 at the cap. */
  progressPercentage: number
}

const BASE = 50
const STEP = 100

/** The highest level. */
export const MAX_LEVEL = 100_000

/** The XP at which level `level` begins: an arithmetic progression, except that level 1 begins at 0. */
export function threshold(level: number): number {
  return level <= 1 ? 0 : BASE + (level - 1) * STEP
}

/** How levels follow from XP, in a sentence for players. */
export const LEVELS_AS_SENTENCE = `Level 2 begins at ${threshold(2)} XP, each further level ${STEP} XP later.`

/** How levels follow from XP, as a formula for programmers. */
export const LEVELS_AS_FORMULA = `level 1 below ${threshold(2)} XP, then one level for every ${STEP} XP: 1 + floor((XP - ${BASE}) / ${STEP})`

/** The level at `experience` XP, which is not negative. */
export function levelOf(experience: number): number {
  if (experience < BASE) return 1
  return Math.min(MAX_LEVEL, 1 + Math.floor((experience - BASE) / STEP))
}

/** Levels that are counted together, both ends included. */
export type LevelBand = { from: number; to: number }

/** The band of `level`: the levels that share its first digit, such as 7, 20 to 29 or 300 to 399. */
export function bandOf(level: number): LevelBand {
  const width = 10 ** Math.floor(Math.log10(level))
  const from = Math.floor(level / width) * width
  return { from, to: Math.min(MAX_LEVEL, from + width - 1) }
}

/**
 * The leveling state at `experience`, the last event having changed it by `delta` XP.
 * 0 and 149 XP are level 1, 150 is level 2, 250 is level 3.
 */
export function leveling(experience: number, delta: number): Leveling {
  const level = levelOf(experience)
  const levelsGained = level - levelOf(experience - delta)
  if (level === MAX_LEVEL) {
    return { level, experience, experienceToNextLevel: 0, levelsGained, progressPercentage: 100 }
  }
  const begins = threshold(level)
  const ends = threshold(level + 1)
  return {
    level,
    experience,
    experienceToNextLevel: ends - experience,
    levelsGained,
    progressPercentage: Math.floor(((experience - begins) * 100) / (ends - begins)),
  }
}
