import { mediaOf } from '../media.ts'
import { NO_FACTS, type Rule } from './rule.ts'

/** A post earns more with media, and most when all of its media have alt text. */
export const post: Rule<'post.text' | 'post.media' | 'post.alt'> = {
  collection: 'app.bsky.feed.post',
  points: { 'post.text': 50, 'post.media': 60, 'post.alt': 70 },
  words: {
    'post.text': { name: 'Post', example: '“The swallows are back.” A reply or a quote counts alike.' },
    'post.media': {
      name: 'Post with media',
      example: 'Three photos of the harbour, two of them described: all of them have to be.',
    },
    'post.alt': {
      name: 'Post with media, all described',
      example: 'A photo with the alt text “A black cat asleep on a keyboard, one paw on the delete key”.',
    },
  },
  facts: (record) => ({ ...NO_FACTS, media: mediaOf(record.embed) }),
  reason: ({ media }) => `post.${media ?? 'text'}`,
}
