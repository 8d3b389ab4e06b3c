import { ATTRIBUTES, attributesOf } from '../game/attributes.ts'
import { leveling } from '../game/levels.ts'
import type { Rulebook } from '../game/rulebook.ts'
import { like } from '../game/rules/like.ts'
import { post } from '../game/rules/post.ts'
import { repost } from '../game/rules/repost.ts'
import type { Rule } from '../game/rules/rule.ts'
import type { Card, Figure } from '../pictures/card.ts'
import { drawable, shortened } from '../pictures/drawable.ts'
import { ownFaces } from '../pictures/faces.ts'
import type { Character } from '../store/store.ts'
import { tierIndexOf } from '../web/person.ts'
import type { Ranks } from './ranks.ts'

export type CardOfOptions = {
  rules: Rulebook
  /** `undefined`: no rank is shown. */
  ranks: Ranks | undefined
  site: string
}

/** Longer texts do not fit on a card. */
const MAX_NAME = 40
const MAX_HANDLE = 48
const MAX_TITLE = 32

/** What a card shows of `character`, in texts that can be drawn. */
export function cardOf(character: Character, { rules, ranks, site }: CardOfOptions): Card {
  const { did, profile, experience, lastDelta } = character
  const faces = ownFaces()
  const text = (value: string, max: number): string => shortened(drawable(value, faces), max)
  const { level, experienceToNextLevel, progressPercentage } = leveling(experience, lastDelta)
  const handle = profile?.handle
  const rank = ranks?.of(experience) ?? null
  return {
    name: text(profile?.displayName ?? '', MAX_NAME) || text(handle ?? did, MAX_NAME),
    handle: handle === undefined ? text(did, MAX_HANDLE) : text(`@${handle}`, MAX_HANDLE),
    title: text(rules.title(level), MAX_TITLE),
    tier: tierIndexOf(level, rules.titles),
    level,
    experience,
    missing: experienceToNextLevel,
    progress: progressPercentage,
    figures: figuresOf(character),
    rank: rank === null ? undefined : { position: rank.position, of: rank.of },
    site: text(site, MAX_HANDLE),
  }
}

/** The attributes: see `ATTRIBUTES`. */
function figuresOf({ counts, tally }: Pick<Character, 'counts' | 'tally'>): Figure[] {
  const of = (rule: Rule): number => counts.get(rule.collection) ?? 0
  const described = tally.get('post.alt') ?? 0
  const media = described + (tally.get('post.media') ?? 0)
  const deeds = { posts: of(post), media, described, likes: of(like), reposts: of(repost) }
  const attributes = attributesOf(deeds)
  return ATTRIBUTES.map(({ key, name }) => ({ name, value: attributes[key] }))
}
