// What pages show, as the API's routes answer it: a page reads nothing that a route does not.
export type ShownCharacter = {
  did: string
  handle: string | null
  displayName: string | null
  avatar: string | null
  title: string
  leveling: ShownLeveling
  rank: { position: number; of: number; behind: number; asOf: string } | null
  counts: Record<string, number>
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

export type ShownPlace = { rank: number; character: ShownCharacter }
