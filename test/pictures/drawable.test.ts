import assert from 'node:assert/strict'
import test from 'node:test'
import fc from 'fast-check'
import { drawable, initials, shortened } from '../../src/pictures/drawable.ts'
import { ownFaces } from '../../src/pictures/faces.ts'

const faces = ownFaces()
const drawn = (text: string): string => drawable(text, faces)

/** A name in each script that cards are to be drawn in. */
const NAMES = [
  'Cedar Dale',
  'Đorđe Ångström',
  'tiếng Việt',
  'Юлия Кузнецова',
  'Αθηνά',
  '桜の木 さくら',
  '김민준 안녕',
  '李小龍 国学',
  'مرحبا بالعالم',
  'שלום עולם',
  'สวัสดีชาวโลก',
  'नमस्ते दुनिया',
  'Հայ ქართული বাংলা தமிழ்',
  '🦋 🏳️‍🌈 👩🏽‍🚀 🇯🇵 ❤️ 1️⃣ 👨‍👩‍👧‍👦 🏴󠁧󠁢󠁥󠁮󠁧󠁿',
  '★ ♥ ✦ ♪ ∞ ™',
] as const

test('names in many scripts are drawn as they are', () => {
  for (const name of NAMES) assert.equal(drawn(name), name.normalize('NFC'))
})

test('letters without a glyph become plain ones or are left out', () => {
  assert.equal(drawn('𝓐𝓵𝓲𝓬𝓮'), 'Alice')
  assert.equal(drawn('Ann ᚠᚢᚦ 𓆏'), 'Ann')
  assert.equal(drawn('\u{10ffff}\ue000\u0378'), '')
})

test('what turns text around, and whatever else is invisible, is left out', () => {
  assert.equal(drawn('\u202egnp.live\u2066x\u200f\u200e\u061c\u00ad\ufeff'), 'gnp.livex')
  assert.equal(drawn('a\ud800b\udc00c'), 'abc')
  assert.equal(drawn(' one\n\ttwo\u2028three\0 '), 'one two three')
})

test('a letter keeps few marks', () => {
  const name = `a${'\u0301'.repeat(40)}b`
  assert.ok([...drawn(name)].length <= 6, drawn(name))
})

test('any text can be drawn after it, and nothing is left to change its direction', () => {
  const text = fc.oneof(
    fc.string({ unit: 'binary', maxLength: 80 }),
    fc.string({ unit: 'grapheme', maxLength: 40 }),
    fc
      .array(fc.integer({ min: 0, max: 0xffff }), { maxLength: 80 })
      .map((units) => String.fromCharCode(...units)),
  )
  fc.assert(
    fc.property(text, (name) => {
      const kept = drawn(name)
      assert.equal(drawn(kept), kept, 'it stays as it is')
      assert.ok(kept.isWellFormed())
      assert.doesNotMatch(kept, /[\u202a-\u202e\u2066-\u2069\u200e\u200f\u061c\p{Cc}]/u)
      for (const character of kept) {
        const invisible = /^(?:\u200c|\u200d|\ufe0e|\ufe0f|[\u{e0020}-\u{e007f}])$/u.test(character)
        assert.ok(invisible || faces.of(character.codePointAt(0) ?? 0).length > 0, JSON.stringify(character))
      }
      initials(kept)
    }),
    { numRuns: 2_000 },
  )
})

test('long texts end in an ellipsis, between graphemes', () => {
  assert.equal(shortened('abcdef', 6), 'abcdef')
  assert.equal(shortened('abcdefg', 6), 'abcde…')
  assert.equal(shortened('👨‍👩‍👧‍👦👨‍👩‍👧‍👦👨‍👩‍👧‍👦', 2), '👨‍👩‍👧‍👦…')
  assert.equal(shortened('ab cdef', 4), 'ab…')
})

test('initials are of the first two words', () => {
  assert.equal(initials('Cedar Dale'), 'CD')
  assert.equal(initials('cedar'), 'C')
  assert.equal(initials('🦋 Cedar the Third'), 'CT')
  assert.equal(initials('桜の木 さくら'), '桜')
  assert.equal(initials('🏳️‍🌈'), '🏳️‍🌈')
  assert.equal(initials('...'), '.')
})
