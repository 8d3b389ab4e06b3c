import type { Character } from '../../src/client/character.ts'

/** A character as a server sends it. */
export function answered(overrides: object = {}, leveling: object = {}): Record<string, unknown> {
  return {
    did: 'did:plc:alicealicealicealicealic',
    handle: 'alice.example',
    displayName: 'Alice',
    avatar: null,
    title: 'Scribe',
    leveling: {
      level: 12,
      experience: 1_160,
      experienceToNextLevel: 90,
      levelsGained: 0,
      progressPercentage: 10,
      ...leveling,
    },
    rank: { position: 3, of: 40, behind: 30, asOf: '2026-01-28T12:00:00.000Z' },
    counts: {},
    tally: {},
    attributes: { voice: 4, clarity: 20, warmth: 1, echo: 1 },
    updatedAt: '2026-01-28T11:59:58.000Z',
    ...overrides,
  }
}

export function character(level: number): Character {
  return {
    did: `did:plc:level${level}`,
    handle: `level-${level}.example`,
    displayName: null,
    title: 'Scribe',
    level,
    experience: level * 100,
    missing: 50,
    progress: 50,
    rank: null,
    attributes: { voice: 1, clarity: 1, warmth: 1, echo: 1 },
    tier: 2,
  }
}
