import { isObject } from '../../atproto/json.ts'
import { parseUri } from '../../atproto/uri.ts'
import { post } from './post.ts'
import { NO_FACTS, type Rule } from './rule.ts'

/**
 * A repost earns by the media of the reposted post. Until these are known it counts as text; the difference comes later,
 * as an event of its own. A subject that is not a post counts as text.
 */
export const repost: Rule<'repost.text' | 'repost.media' | 'repost.alt'> = {
  collection: 'app.bsky.feed.repost',
  points: { 'repost.text': 50, 'repost.media': 60, 'repost.alt': 70 },
  words: {
    'repost.text': { name: 'Repost of a text', example: 'You repost a good question.' },
    'repost.media': { name: 'Repost of media', example: 'You repost a comic that nobody has described.' },
    'repost.alt': {
      name: 'Repost of media, all described',
      example: 'You repost the cat on the keyboard, whose picture was described.',
    },
  },
  facts: ({ subject }) => {
    if (!isObject(subject) || typeof subject.uri !== 'string') return undefined
    const named = parseUri(subject.uri)
    return named?.collection === post.collection
      ? { ...NO_FACTS, subject: named }
      : { ...NO_FACTS, media: 'text' }
  },
  reason: ({ media }) => `repost.${media ?? 'text'}`,
}
