import type { Random } from '../../../src/simulator/random.ts'

/** A kind of request: its share of all, and the paths that it asks for, given somebody's DID. */
export type Visit = { kind: string; share: number; path: (did: string, random: Random) => string }

/** What visitors ask for; shares add up to 1. */
export const VISITS: readonly Visit[] = [
  { kind: 'character', share: 0.5, path: (did) => `/v1/characters/${did}` },
  { kind: 'a page of events', share: 0.1, path: (did) => `/v1/characters/${did}/events?limit=50` },
  { kind: 'insights', share: 0.05, path: (did) => `/v1/characters/${did}/insights` },
  { kind: 'sheet', share: 0.1, path: (did) => `/@${did}` },
  { kind: 'card', share: 0.02, path: (did) => `/@${did}/card.png` },
  { kind: 'board', share: 0.05, path: () => '/v1/leaderboards/all?limit=100' },
  { kind: 'place on the board', share: 0.05, path: (did) => `/v1/leaderboards/all?around=${did}` },
  {
    kind: 'board of a period',
    share: 0.05,
    path: (_did, random) => `/boards/${random.pick(['week', 'month'])}`,
  },
  {
    kind: 'other pages',
    share: 0.08,
    path: (_did, random) => random.pick(['/', '/boards', '/rules', '/status', '/v1/level-ups', '/v1/stats']),
  },
]

/** The visit at `share` of the way through all shares, from 0 to below 1. */
export function visitAt(share: number): Visit {
  let left = share
  const found = VISITS.find((visit) => {
    left -= visit.share
    return left < 0
  })
  return found ?? (VISITS.at(-1) as Visit)
}
