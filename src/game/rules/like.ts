import { isObject } from '../../atproto/json.ts'
import { NO_FACTS, type Rule } from './rule.ts'

/** A like earns the same for every subject: posts, feeds, lists and labelers. */
export const like: Rule<'like'> = {
  collection: 'app.bsky.feed.like',
  points: { like: 10 },
  words: {
    like: { name: 'Like', example: 'You like the post of somebody who has just finished a marathon.' },
  },
  facts: ({ subject }) => (isObject(subject) && typeof subject.uri === 'string' ? NO_FACTS : undefined),
  reason: () => 'like',
}
