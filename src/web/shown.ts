// What pages show, as the API's routes answer it: a page reads nothing that a route does not.
import type { Attributes } from '../game/attributes.ts'

export type ShownCharacter = {
  did: string
  handle: string | null
  displayName: string | null
  avatar: string | null
  title: string
  leveling: ShownLeveling
  rank: { position: number; of: number; behind: number; asOf: string } | null
  counts: Record<string, number>
  /** Live records by the reason for their XP. */
  tally: Record<string, number>
  attributes: Attributes
  updatedAt: string
}

type ShownLeveling = {
  level: number
  experience: number
  experienceToNextLevel: number
  levelsGained: number
  progressPercentage: number
}

export type ShownEvent = {
  uri: string
  type: string
  cause: string
  reason: string
  delta: number
  at: string
  leveling: ShownLeveling
}

/** A place on a board; `earned` is what counts on boards of a period. */
export type ShownPlace = { rank: number; earned?: number; character: ShownCharacter }

/** The period of a board, with the names of those before and after it. */
export type ShownPeriod = {
  name: string
  from: string
  to: string
  running: boolean
  before: string | undefined
  after: string | undefined
}

export type ShownLevels = {
  characters: number
  bands: readonly { from: number; to: number; title: string; characters: number }[]
  own: { level: number; rank: ShownCharacter['rank'] } | null
}

type Described = { described: number; media: number }

/** When something comes at the present pace; `at` is null where the pace is 0. */
type Pace = { level: number; missing: number; at: string | null }

/** Advice, as in /v1/characters/{actor}/insights. Dates are UTC. */
export type ShownInsights = {
  today: string
  described: { last30Days: Described; ever: Described }
  undescribed: readonly { uri: string; at: string; experience: number; wouldHaveEarned: number }[]
  streak: {
    current: number
    longest: number
    lastDay: string | null
    until: string | null
    activeOf28: number
  }
  bestWeek: { week: string; experience: number } | null
  days: readonly ShownDay[]
  hours: readonly number[]
  kinds: Record<string, number>
  pace: { perDay: number; nextLevel: Pace | null; nextTitle: (Pace & { title: string }) | null }
}

export type ShownDay = { date: string; experience: number; claimed: number; counts: Record<string, number> }
