import type { Face, Faces } from './faces.ts'

/** Marks on one letter, at most: more would cover the lines above and below. */
const MAX_MARKS = 4

const graphemes = new Intl.Segmenter('en', { granularity: 'grapheme' })

/** Join emoji or letters, choose between their forms, or spell the flag of a region: they have no glyph of their own. */
const JOINING = /^(?:\u200c|\u200d|\ufe0e|\ufe0f|[\u{e0020}-\u{e007f}])$/u
/** Controls, formats, lone surrogates, unassigned and private characters. */
const INVISIBLE = /\p{C}/gu
const MARK = /^\p{M}$/u

/**
 * `text` as our fonts can draw it, in one line. Letters without a glyph become the plain letters that Unicode deems
 * compatible (a mathematical 𝓐 becomes an A) or are left out. Invisible characters are left out, too, above all those that
 * change the direction of text: "\u202egnp.live" would be drawn as "evil.png".
 */
export function drawable(text: string, faces: Faces): string {
  const visible = text
    .replaceAll(/[\p{White_Space}\p{Cc}]+/gu, ' ')
    .replaceAll(INVISIBLE, (character) => (JOINING.test(character) ? character : ''))
    .normalize('NFC')
  const drawn = Array.from(graphemes.segment(visible), ({ segment }) => drawableGrapheme(segment, faces))
  return drawn.join('').replaceAll(/ +/g, ' ').trim()
}

/** The first `max` graphemes of `text`, with an ellipsis where some are missing. */
export function shortened(text: string, max: number): string {
  const all = Array.from(graphemes.segment(text), ({ segment }) => segment)
  return all.length <= max
    ? text
    : `${all
        .slice(0, max - 1)
        .join('')
        .trimEnd()}…`
}

/** The first letters of the first two words of `name`, such as `CD`, or its first grapheme. */
export function initials(name: string): string {
  const words = name.split(' ').filter((word) => /[\p{L}\p{N}]/u.test(word))
  const letters = words.slice(0, 2).map((word) => firstLetter(word))
  // Scripts without capitals rarely abbreviate names by their letters: one of them is enough.
  const cased = letters.every((letter) => letter.toLowerCase() !== letter.toUpperCase())
  if (letters.length > 0) return (cased ? letters.join('') : (letters[0] ?? '')).toUpperCase()
  return firstGrapheme(name)
}

function firstLetter(word: string): string {
  for (const { segment } of graphemes.segment(word)) if (/[\p{L}\p{N}]/u.test(segment)) return segment
  return ''
}

function firstGrapheme(text: string): string {
  for (const { segment } of graphemes.segment(text)) return segment
  return ''
}

/** One face has to have all of a grapheme: glyphs of two fonts do not combine. */
function drawableGrapheme(grapheme: string, faces: Faces): string {
  const best = inBestFace(grapheme, faces)
  if (best !== undefined) return best
  const compatible = grapheme.normalize('NFKC')
  if (compatible === grapheme) return ''
  return Array.from(graphemes.segment(compatible), ({ segment }) => inBestFace(segment, faces) ?? '').join('')
}

/** As much of `grapheme` as any one face has; `undefined` where none has its first code point. */
function inBestFace(grapheme: string, faces: Faces): string | undefined {
  const [base = '', ...rest] = grapheme
  const candidates = faces.of(codePoint(base))
  if (candidates.length === 0) return undefined
  if (rest.length === 0) return base
  let best = ''
  for (const face of candidates) {
    const kept = base + keptOf(rest, face, faces)
    if (kept.length > best.length) best = kept
    if (best.length === grapheme.length) break
  }
  return best
}

function keptOf(rest: readonly string[], face: Face, faces: Faces): string {
  let marks = 0
  const kept = rest.filter((character) => {
    if (JOINING.test(character)) return true
    if (!faces.of(codePoint(character)).includes(face)) return false
    if (MARK.test(character)) marks += 1
    return marks <= MAX_MARKS || !MARK.test(character)
  })
  return kept.join('')
}

function codePoint(character: string): number {
  return character.codePointAt(0) ?? 0
}
