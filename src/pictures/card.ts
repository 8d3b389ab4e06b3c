import type { ThemeName } from './themes.ts'

/** All that a card shows. Texts are drawable already; see `drawable`. */
export type Card = {
  name: string
  /** With the @, or a DID. */
  handle: string
  title: string
  /** The place of the title among all titles, from 0. */
  tier: number
  level: number
  experience: number
  /** XP until the next level; 0 at the highest. */
  missing: number
  /** 0 to 100 of this level. */
  progress: number
  figures: readonly Figure[]
  /** 1 for the first place; `undefined` where it is not known. */
  rank: { position: number; of: number } | undefined
  /** The site's name, in a corner. */
  site: string
}

export type Figure = { name: string; value: number }

export const SIZES = { large: { width: 1200, height: 630 }, compact: { width: 480, height: 160 } } as const
export type CardSize = keyof typeof SIZES

export type CardStyle = { theme: ThemeName; size: CardSize }

/** A picture of the person, square; `undefined`: their initials are drawn. */
export type Portrait = Uint8Array | undefined

/** A card in words, for those who do not see it. */
export function cardInWords({ name, handle, title, level, experience, missing }: Card): {
  title: string
  description: string
} {
  const next = missing === 0 ? '' : `, ${count(missing)} XP to level ${count(level + 1)}`
  return {
    title: `${name}, level ${count(level)} ${title}`,
    description: `${handle}: ${count(experience)} XP${next}.`,
  }
}

/** `12,345` */
export function count(n: number): string {
  return n.toLocaleString('en')
}
