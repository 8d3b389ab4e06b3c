import { NO_FACTS, type Rule } from '../../src/game/rules/rule.ts'

/** A post in Esperanto earns more than one in another language. */
export const postByLanguage: Rule<'post.esperanto' | 'post.other'> = {
  collection: 'app.bsky.feed.post',
  points: { 'post.esperanto': 80, 'post.other': 50 },
  words: {
    'post.esperanto': { name: 'Post in Esperanto', example: '“La hirundoj revenis.”' },
    'post.other': { name: 'Post', example: '“The swallows are back.”' },
  },
  facts: ({ langs }) => {
    const language: unknown = Array.isArray(langs) ? langs[0] : undefined
    return { ...NO_FACTS, own: typeof language === 'string' ? language : undefined }
  },
  reason: ({ own }) => (own === 'eo' ? 'post.esperanto' : 'post.other'),
}
