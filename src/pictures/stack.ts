import type { Face, Faces } from './faces.ts'

/** Families of the two voices of a card, before those of other scripts. */
const VOICES = { serif: 'Alegreya', sans: 'Inter' } as const
export type Voice = keyof typeof VOICES

const JAPANESE = 'Noto Sans JP'
const KOREAN = 'Noto Sans KR'
const CHINESE = 'Noto Sans SC'
const EMOJI = 'Twemoji'

const OTHERS = [
  'Noto Sans Arabic',
  'Noto Sans Hebrew',
  'Noto Sans Thai',
  'Noto Sans Devanagari',
  'Noto Sans Armenian',
  'Noto Sans Georgian',
  'Noto Sans Bengali',
  'Noto Sans Tamil',
  'Noto Sans Symbols 2',
  EMOJI,
] as const

const HANGUL = /\p{Script=Hangul}/u
const HAN = /\p{Script=Han}/gu
/** What is drawn in colour where it may be: an emoji by itself, or by the selector behind it. */
const COLOURED = /\p{Emoji_Presentation}|\ufe0f/u

/**
 * The families to draw `text` with, the preferred one first. Chinese characters look different in each language, and a name
 * does not say its own: Korean where there is Hangul, else Japanese, unless only the Chinese font has all of them.
 */
export function familiesFor(text: string, voice: Voice, faces: Faces): string[] {
  const han = text.match(HAN) ?? []
  const hasAll = (family: string): boolean =>
    han.every((character) => faces.of(character.codePointAt(0) ?? 0).some((face) => face.family === family))
  const east = HANGUL.test(text)
    ? [KOREAN, JAPANESE, CHINESE]
    : hasAll(JAPANESE) || !hasAll(CHINESE)
      ? [JAPANESE, CHINESE, KOREAN]
      : [CHINESE, JAPANESE, KOREAN]
  // Other fonts have plain drawings of some emoji.
  const emoji = COLOURED.test(text) ? [EMOJI] : []
  return [...new Set([VOICES[voice], ...emoji, ...east, ...OTHERS])]
}

/** The files that drawing `text` by `families` needs. */
export function facesFor(text: string, families: readonly string[], faces: Faces): Set<Face> {
  const coloured = COLOURED.test(text)
  const having = Array.from(new Set(text), (character) => ({
    character,
    found: faces.of(character.codePointAt(0) ?? 0),
  }))
  /** How many characters of the text each face has: subsets of a family overlap, and few of them will do. */
  const uses = new Map<Face, number>()
  for (const { found } of having) for (const face of found) uses.set(face, (uses.get(face) ?? 0) + 1)
  const needed = new Set<Face>()
  const need = (family: string, found: readonly Face[]): boolean => {
    const [best] = found
      .filter((face) => face.family === family)
      .sort((a, b) => (uses.get(b) ?? 0) - (uses.get(a) ?? 0))
    if (best !== undefined) needed.add(best)
    return best !== undefined
  }
  for (const { character, found } of having) {
    // Digits, marks and symbols may be parts of an emoji, which another font draws.
    if (coloured && need(EMOJI, found) && COLOURED.test(character)) continue
    families.some((family) => need(family, found))
  }
  return needed
}
