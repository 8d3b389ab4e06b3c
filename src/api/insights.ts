import type { Static } from 'typebox'
import type { Micros } from '../atproto/event.ts'
import { insightsOf } from '../game/insights.ts'
import type { Rulebook } from '../game/rulebook.ts'
import { post } from '../game/rules/post.ts'
import type { Character, Reader } from '../store/store.ts'
import { unknownActor } from './problem.ts'
import type { Insights } from './schemas.ts'

/** Events that insights look at, so that they take as long for a character with many records as for one with few. */
export const MAX_EVENTS = 300

export type InsightsOptions = { reader: Reader; rules: Rulebook; clock: () => Micros }

/**
 * What somebody can learn from their ledger, as the API answers it.
 * @throws {ProblemError} 404 if the person has been hidden meanwhile
 */
export async function readInsights(
  { did, experience, tally }: Character,
  { reader, rules, clock }: InsightsOptions,
): Promise<Static<typeof Insights>> {
  const page = { type: undefined, cursor: undefined, limit: MAX_EVENTS }
  const [days, latest, posts] = await Promise.all([
    reader.days(did),
    reader.events(did, page),
    reader.events(did, { ...page, type: post.collection }),
  ])
  if (days === undefined || latest === undefined || posts === undefined) throw unknownActor(rules)
  const input = { rules, now: clock(), experience, tally, days, latest: latest.items, posts: posts.items }
  return { did, ...insightsOf(input) }
}
