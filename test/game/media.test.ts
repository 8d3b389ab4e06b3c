import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { type Media, mediaOf } from '../../src/game/media.ts'

const images = (...alts: unknown[]) => ({
  $type: 'app.bsky.embed.images',
  images: alts.map((alt) => ({ alt })),
})
const video = (alt?: unknown) => ({ $type: 'app.bsky.embed.video', ...(alt === undefined ? {} : { alt }) })
const gif = (uri: string, description?: unknown) => ({
  $type: 'app.bsky.embed.external',
  external: { uri, title: 'a gif', ...(description === undefined ? {} : { description }) },
})
const TENOR = 'https://media.tenor.com/x/loop.gif?hh=200&ww=300'

const cases: [string, unknown, Media][] = [
  ['no embed', undefined, 'text'],
  ['null', null, 'text'],
  ['an embed without a type', { images: [{ alt: 'a' }] }, 'text'],
  ['an image without alt text', images(''), 'media'],
  ['an image with alt text', images('a cat'), 'alt'],
  ['one of two described', images('a cat', ''), 'media'],
  ['blank alt text', images(' \n\t'), 'media'],
  ['alt text that is no text', images(7), 'media'],
  ['no images', images(), 'text'],
  ['a GIF by http', gif(TENOR.replace('https', 'http')), 'media'],
  ['a link that is a list', { ...gif(''), external: { uri: [TENOR] } }, 'text'],
  ['images that are no list', { $type: 'app.bsky.embed.images', images: 'many' }, 'text'],
  ['a gallery described', { $type: 'app.bsky.embed.gallery', items: [{ alt: 'a' }, { alt: 'b' }] }, 'alt'],
  ['a gallery half described', { $type: 'app.bsky.embed.gallery', items: [{ alt: 'a' }, {}] }, 'media'],
  ['a video', video(), 'media'],
  ['a video with captions only', { ...video(), captions: [{ lang: 'en' }] }, 'media'],
  ['a video with alt text', video('waves'), 'alt'],
  ['a quote', { $type: 'app.bsky.embed.record', record: { uri: 'at://x' } }, 'text'],
  ['a quote with a described image', { $type: 'app.bsky.embed.recordWithMedia', media: images('a') }, 'alt'],
  ['a quote with a video', { $type: 'app.bsky.embed.recordWithMedia', media: video() }, 'media'],
  [
    'a quote with a quote with media',
    {
      $type: 'app.bsky.embed.recordWithMedia',
      media: { $type: 'app.bsky.embed.recordWithMedia', media: images('a') },
    },
    'text',
  ],
  ['a link card', gif('https://news.example/', 'Alt: a page'), 'text'],
  ['a gif with alt text', gif(TENOR, 'Alt: a dancing cat'), 'alt'],
  ['a gif with older alt text', gif('https://static.klipy.com/a.gif', 'User-provided alt text: rain'), 'alt'],
  ['a gif with automatic text', gif(TENOR, 'ALT: dancing cat gif'), 'media'],
  ['a gif with blank alt text', gif(TENOR, 'Alt:   '), 'media'],
  ['a gif without description', gif(TENOR), 'media'],
  ['a host that only begins like one', gif('https://media.tenor.com.evil.example/a.gif', 'Alt: a'), 'text'],
  ['a host that only ends like one', gif('https://notmedia.tenor.com/a.gif', 'Alt: a'), 'text'],
  ['a host in the user part', gif('https://media.tenor.com@evil.example/a.gif', 'Alt: a'), 'text'],
  ['a host in capitals', gif('https://MEDIA.tenor.com/a.gif', 'Alt: a'), 'alt'],
  ['another scheme', gif('javascript://media.tenor.com/a', 'Alt: a'), 'text'],
  ['no address', gif('not an address', 'Alt: a'), 'text'],
  [
    "the AppView's view of images",
    { $type: 'app.bsky.embed.images#view', images: [{ alt: 'a', thumb: 'x' }] },
    'alt',
  ],
  [
    "the AppView's view of a quote with media",
    {
      $type: 'app.bsky.embed.recordWithMedia#view',
      media: { $type: 'app.bsky.embed.images#view', images: [{ alt: '' }] },
    },
    'media',
  ],
  ['a kind of embed from the future', { $type: 'app.bsky.embed.hologram', items: [{ alt: 'a' }] }, 'text'],
]

for (const [name, embed, expected] of cases) {
  test(`${name} shows ${expected}`, () => assert.equal(mediaOf(embed), expected))
}

const POINTS = [
  ...[0x09, 0x0a, 0x20, 0x85, 0xa0, 0x1680, 0x2003, 0x2028, 0x3000],
  ...[0x00, 0x07, 0x7f],
  ...[0xad, 0x34f, 0x61c, 0x180e, 0x200b, 0x200c, 0x200d, 0x2060, 0x2063, 0xfeff],
  ...[0x200e, 0x200f, 0x202a, 0x202e, 0x2066, 0x2069],
  ...[0x115f, 0x1160, 0x3164, 0xffa0, 0x2800, 0x1d159, 0xfffc],
  ...[0xfe00, 0xfe0f, 0xe0100, 0xe0001, 0xe0041, 0xe007f],
  ...[0x301, 0x20e3, 0xfffe, 0x1ffff, 0xd800, 0xdfff],
]
const UNREADABLE = POINTS.map((point) => String.fromCodePoint(point))

test('text that nobody can read describes nothing, alone or with its like', () => {
  for (const point of POINTS) {
    const character = String.fromCodePoint(point)
    const name = `U+${point.toString(16)}`
    assert.equal(mediaOf(images(character)), 'media', name)
    assert.equal(mediaOf(images(`a${character}`)), 'alt', name)
    assert.equal(mediaOf(gif(TENOR, `Alt: ${character}`)), 'media', name)
  }
  // A lone surrogate beside another kind of character, not two that make one together.
  const blank = fc.array(fc.constantFrom(...UNREADABLE.slice(0, -2)), { maxLength: 12 })
  fc.assert(fc.property(blank, (parts) => assert.equal(mediaOf(video(parts.join(''))), 'media')))
})

test('whatever a person can see or hear describes', () => {
  const readable = 'a 7 . - 猫 قط บ 😺 👩‍👩‍👧 ❤️ 1️⃣ 🏴󠁧󠁢󠁥󠁮󠁧󠁿 ⠠ → é \u05d0\u200f'.split(' ')
  for (const text of readable) {
    assert.equal(mediaOf(images(text)), 'alt', text)
    assert.equal(mediaOf(images(`\u200b ${text}\ufe0f\u00ad`)), 'alt', text)
  }
})

test('nothing makes it throw', () => {
  const type = fc
    .constantFrom('images', 'gallery', 'video', 'external', 'recordWithMedia')
    .map((t) => `app.bsky.embed.${t}`)
  const anything = fc.anything({ withNullPrototype: true, withBigInt: true })
  fc.assert(
    fc.property(type, anything, anything, anything, ($type, a, b, c) => {
      const embed = { $type, images: a, items: b, alt: c, external: a, media: b }
      assert.ok(['text', 'media', 'alt'].includes(mediaOf(embed)))
      assert.ok(['text', 'media', 'alt'].includes(mediaOf(a)))
    }),
  )
})
