import assert from 'node:assert/strict'
import test from 'node:test'
import { SIZES } from '../../src/pictures/card.ts'
import { drawable } from '../../src/pictures/drawable.ts'
import { ownFaces } from '../../src/pictures/faces.ts'
import { CardRenderer } from '../../src/pictures/renderer.ts'
import { type ThemeName, themes } from '../../src/pictures/themes.ts'
import { coloursIn, decodePng } from './png.ts'
import { card } from './sample-card.ts'

const renderer = new CardRenderer()

test('each theme is drawn in each size', async () => {
  for (const theme of Object.keys(themes) as ThemeName[]) {
    for (const size of ['large', 'compact'] as const) {
      const pixels = decodePng(await renderer.draw(card(), { theme, size }, 'png', undefined))
      assert.deepEqual([pixels.width, pixels.height], [SIZES[size].width, SIZES[size].height])
      assert.ok(coloursIn(pixels) > 500, `${theme}, ${size}`)
    }
  }
})

test('a name in each script leaves its traces, and no two look alike', async () => {
  const seen = new Map<string, string>()
  const names = ['Ann', 'Юлия', 'Αθηνά', 'さくら', '안녕', '国学', 'مرحبا', 'שלום', 'สวัสดี', 'नमस्ते', '🦋', '𝓐']
  const drawnOf = async (name: string): Promise<Buffer> =>
    renderer.draw(
      card({ name: drawable(name, ownFaces()) }),
      { theme: 'night', size: 'compact' },
      'png',
      undefined,
    )
  seen.set((await drawnOf('')).toString('base64'), 'nobody')
  for (const name of names) {
    const picture = (await drawnOf(name)).toString('base64')
    assert.equal(seen.get(picture), undefined, name)
    seen.set(picture, name)
  }
})

test('the same card is the same bytes, whatever was drawn between', async () => {
  const style = { theme: 'paper', size: 'compact' } as const
  const other = new CardRenderer()
  const first = await renderer.draw(card(), style, 'png', undefined)
  await renderer.draw(card({ name: '桜 안녕 🦋 سلام' }), style, 'png', undefined)
  assert.ok(first.equals(await renderer.draw(card(), style, 'png', undefined)))
  assert.ok(first.equals(await other.draw(card(), style, 'png', undefined)))
})

test('an SVG says in words what it shows, and markup in a name stays text', async () => {
  const name = '</title><script>alert(1)</script> & co'
  const svg = (
    await renderer.draw(card({ name }), { theme: 'night', size: 'large' }, 'svg', undefined)
  ).toString()
  assert.match(
    svg,
    /^<svg [^>]*role="img"><title>&lt;\/title>&lt;script>alert\(1\)&lt;\/script> &amp; co, level 58 Bard<\/title>/,
  )
  assert.match(svg, /<desc>@cedar\.example: 5,790 XP, 60 XP to level 59\.<\/desc>/)
  assert.ok(!svg.includes('<script'))
  assert.ok(svg.trimEnd().endsWith('</svg>'))
})

test('the highest level, no rank and the longest texts have room', async () => {
  const long = 'W'.repeat(200)
  const most = card({
    name: long,
    handle: `@${long}`,
    title: long,
    site: long,
    level: 100_000,
    missing: 0,
    progress: 100,
  })
  for (const size of ['large', 'compact'] as const) {
    const full = decodePng(
      await renderer.draw({ ...most, rank: undefined }, { theme: 'night', size }, 'png', undefined),
    )
    assert.equal(full.width, SIZES[size].width)
  }
})
