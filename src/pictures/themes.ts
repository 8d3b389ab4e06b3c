/** The colours of a card. */
export type Theme = {
  /** CSS of the background; drawn under everything. `tier` is the colour of the title. */
  background: (tier: string) => string
  ink: string
  soft: string
  /** The part of a ring or bar that is not reached yet. */
  track: string
  /** On top of the tier's colour. */
  onTier: string
  /** The colour in which a bar begins; it ends in the tier's. */
  barFrom: string
  /** Of four figures, in their order. */
  figures: readonly [string, string, string, string]
  /** The title's colour by its place among the titles; later ones take the last. */
  tiers: readonly string[]
}

const LIGHT_TIERS = [
  '#57606f',
  '#4b6723',
  '#176767',
  '#1c5fa9',
  '#7043ab',
  '#9b327b',
  '#a5332f',
  '#95480f',
  '#835900',
  '#3d4ac0',
] as const

const DARK_TIERS = [
  '#b0bac8',
  '#abd07c',
  '#70d2ce',
  '#84bcff',
  '#c6a4ff',
  '#f59bd3',
  '#ffa093',
  '#ffb07a',
  '#f2c65f',
  '#aeb6ff',
] as const

/** The same colours as the pages have in the dark. */
const night: Theme = {
  background: (tier) =>
    `radial-gradient(ellipse 1000px 640px at 0px 0px, ${mixed(tier, '#12151b', 0.3)}, #161a22)`,
  ink: '#ece8df',
  soft: '#a3adbc',
  track: '#2c3442',
  onTier: '#161a22',
  barFrom: '#7db8ff',
  figures: ['#7db8ff', '#efc25a', '#ff9d8d', '#8fd6a0'],
  tiers: DARK_TIERS,
}

/** The same colours as the pages have in the light. */
const paper: Theme = {
  background: (tier) =>
    `radial-gradient(ellipse 1000px 640px at 0px 0px, ${mixed(tier, '#fffdf8', 0.2)}, #fbf7ee)`,
  ink: '#1e222a',
  soft: '#585f6c',
  track: '#e6dfcf',
  onTier: '#fffdf8',
  barFrom: '#1260b8',
  figures: ['#1260b8', '#835900', '#a3352f', '#2a6b39'],
  tiers: LIGHT_TIERS,
}

/** Embers in a forge. */
const ember: Theme = {
  background: () => 'radial-gradient(ellipse 900px 520px at 100% 100%, #8a2f16, #4a1a14 45%, #22100f 100%)',
  ink: '#ffefdf',
  soft: '#dcb09a',
  track: '#4f2a22',
  onTier: '#2a120e',
  barFrom: '#ff7a3c',
  figures: ['#ffd08a', '#ffb056', '#ff8f7a', '#f3e3a5'],
  tiers: DARK_TIERS,
}

/** A clearing at dusk. */
const grove: Theme = {
  background: () => 'linear-gradient(160deg, #1d4a3c, #12302c 45%, #0b1d22 100%)',
  ink: '#f0f7e4',
  soft: '#a9c9b2',
  track: '#27463f',
  onTier: '#0d2422',
  barFrom: '#6fd08c',
  figures: ['#9be3f0', '#f0d67a', '#f5b0a2', '#a5e39b'],
  tiers: DARK_TIERS,
}

export const themes = { night, paper, ember, grove } as const
export type ThemeName = keyof typeof themes

/** The colour of a title by its place among the titles. */
export function tierColour(theme: ThemeName, tier: number): string {
  const { tiers, ink } = themes[theme]
  return tiers[Math.min(tier, tiers.length - 1)] ?? ink
}

/** `share` of the colour `top` over `bottom`, both as `#rrggbb`. */
function mixed(top: string, bottom: string, share: number): string {
  const channels = [1, 3, 5].map((at) => {
    const [above, below] = [top, bottom].map((colour) => Number.parseInt(colour.slice(at, at + 2), 16))
    return Math.round((above ?? 0) * share + (below ?? 0) * (1 - share))
  })
  return `#${channels.map((channel) => channel.toString(16).padStart(2, '0')).join('')}`
}
