import { mediaOf } from '../media.ts'
import type { Rule } from './rule.ts'

/** A post earns more with media, and most when all of its media have alt text. */
export const post: Rule<'post.text' | 'post.media' | 'post.alt'> = {
  collection: 'app.bsky.feed.post',
  points: { 'post.text': 50, 'post.media': 60, 'post.alt': 70 },
  facts: (record) => ({ media: mediaOf(record.embed), subject: undefined }),
  reason: ({ media }) => `post.${media ?? 'text'}`,
}
