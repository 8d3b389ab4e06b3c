import { isDid } from '@atcute/lexicons/syntax'
import { NO_FACTS, type Rule } from '../../src/game/rules/rule.ts'

/** To follow somebody earns a little. */
export const follow: Rule<'follow'> = {
  collection: 'app.bsky.graph.follow',
  points: { follow: 5 },
  words: { follow: { name: 'Follow', example: 'You follow a friend of a friend.' } },
  facts: ({ subject }) => (isDid(subject) ? NO_FACTS : undefined),
  reason: () => 'follow',
}
