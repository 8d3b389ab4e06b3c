// The four attributes of a character: what it does most, as numbers from 1 to 20.

import { BARE, type Counts, DESCRIBED } from './days.ts'
import { kindOf } from './rulebook.ts'

/** What a person's live records are, as far as attributes need it. */
export type Deeds = {
  posts: number
  /** Posts with media, and those of them whose media are all described. */
  media: number
  described: number
  likes: number
  reposts: number
}

export type Attributes = { voice: number; clarity: number; warmth: number; echo: number }

export const MAX_ATTRIBUTE = 20

/** The attributes in the order in which they are shown, with their rules in words. */
export const ATTRIBUTES: readonly { key: keyof Attributes; name: string; of: string; rule: string }[] = [
  { key: 'voice', name: 'Voice', of: 'posts', rule: doubling('post', 'posts') },
  {
    key: 'clarity',
    name: 'Clarity',
    of: 'posts with media that are all described',
    rule: `1 where no post with media is described, ${MAX_ATTRIBUTE} where all are, evenly in between.`,
  },
  { key: 'warmth', name: 'Warmth', of: 'likes', rule: doubling('like', 'likes') },
  { key: 'echo', name: 'Echo', of: 'reposts', rule: doubling('repost', 'reposts') },
]

/** What live records are, counted by the reasons for their XP. */
export function deedsOf(tally: Counts): Deeds {
  const deeds = { posts: 0, media: 0, described: 0, likes: 0, reposts: 0 }
  for (const [reason, n] of tally) {
    if (reason === DESCRIBED) deeds.described += n
    if (reason === DESCRIBED || reason === BARE) deeds.media += n
    const kind = kindOf(reason)
    if (kind === 'post') deeds.posts += n
    else if (kind === 'like') deeds.likes += n
    else if (kind === 'repost') deeds.reposts += n
  }
  return deeds
}

export function attributesOf({ posts, media, described, likes, reposts }: Deeds): Attributes {
  return {
    voice: byDoubling(posts),
    clarity: media === 0 ? 1 : 1 + Math.floor(((MAX_ATTRIBUTE - 1) * described) / media),
    warmth: byDoubling(likes),
    echo: byDoubling(reposts),
  }
}

/** 1 for none, 2 for one, and one more each time that the number doubles: 3 for two, 4 for four, 20 for 262,144. */
function byDoubling(count: number): number {
  return count <= 0 ? 1 : Math.min(MAX_ATTRIBUTE, 2 + Math.floor(Math.log2(count)))
}

function doubling(one: string, many: string): string {
  const last = 2 ** (MAX_ATTRIBUTE - 2)
  return `1 without any ${many}, 2 with one ${one}, and one more each time the number doubles: 3 with two, 4 with four, ${MAX_ATTRIBUTE} with ${last.toLocaleString('en')}.`
}
