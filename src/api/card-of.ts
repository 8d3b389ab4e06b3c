import { ATTRIBUTES, attributesOf, deedsOf } from '../game/attributes.ts'
import { leveling } from '../game/levels.ts'
import type { Rulebook } from '../game/rulebook.ts'
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
function figuresOf({ tally }: Pick<Character, 'tally'>): Figure[] {
  const attributes = attributesOf(deedsOf(tally))
  return ATTRIBUTES.map(({ key, name }) => ({ name, value: attributes[key] }))
}
