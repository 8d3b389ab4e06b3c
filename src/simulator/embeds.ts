import { CODEC_DCBOR, toString as cidText, fromDigest } from '@atcute/cid'
import type { JsonObject } from '../atproto/json.ts'
import type { Random } from './random.ts'

const SIGHTS = [
  'a river at dawn',
  'two cats on a wall',
  'a bowl of soup',
  'rain on a window',
  'an old map',
  'a red kite',
]
const WORDS =
  'the a walk light garden slow river makes bread today again quiet window finds letters small work'.split(
    ' ',
  )

/** A line of random words. */
export function sentence(random: Random): string {
  return Array.from({ length: 4 + random.below(14) }, () => random.pick(WORDS)).join(' ')
}

/** Any of the embeds that posts carry, or none. */
export function embedOf(random: Random): JsonObject | undefined {
  const kind = random.next()
  if (kind < 0.5) return undefined
  if (kind < 0.72) return images(random)
  if (kind < 0.77) return gallery(random)
  if (kind < 0.84) return video(random)
  if (kind < 0.88) {
    return {
      $type: 'app.bsky.embed.recordWithMedia',
      record: quote(random),
      media: random.chance(0.5) ? images(random) : video(random),
    }
  }
  if (kind < 0.92) return quote(random)
  if (kind < 0.95) return card('https://news.example/today', sentence(random))
  if (kind < 0.99) return gif(random)
  return { $type: 'app.bsky.embed.images', images: [] }
}

/** The same embed with a description on every image and video. */
export function described(embed: JsonObject, random: Random): JsonObject {
  const alt = random.pick(SIGHTS)
  const describe = (items: unknown) => (items as JsonObject[]).map((item) => ({ ...item, alt }))
  switch (embed.$type) {
    case 'app.bsky.embed.images':
      return { ...embed, images: describe(embed.images) }
    case 'app.bsky.embed.gallery':
      return { ...embed, items: describe(embed.items) }
    case 'app.bsky.embed.video':
      return { ...embed, alt }
    case 'app.bsky.embed.recordWithMedia':
      return { ...embed, media: described(embed.media as JsonObject, random) }
    default:
      return embed
  }
}

function images(random: Random): JsonObject {
  const items = Array.from({ length: 1 + random.below(4) }, () => ({
    alt: alt(random),
    image: blob(random, 'image/jpeg'),
  }))
  return { $type: 'app.bsky.embed.images', images: items }
}

function gallery(random: Random): JsonObject {
  const items = Array.from({ length: 1 + random.below(6) }, () => ({
    alt: alt(random),
    image: blob(random, 'image/png'),
  }))
  return { $type: 'app.bsky.embed.gallery', items }
}

function video(random: Random): JsonObject {
  const shown = { $type: 'app.bsky.embed.video', video: blob(random, 'video/mp4') }
  return random.chance(0.4) ? { ...shown, alt: random.pick(SIGHTS) } : shown
}

function quote(random: Random): JsonObject {
  const uri = `at://did:plc:qqqqqqqqqqqqqqqqqqqqqqqq/app.bsky.feed.post/3k${random.below(1e9).toString(32).replaceAll(/[01]/g, 'a').padStart(11, '2').slice(0, 11)}`
  return { $type: 'app.bsky.embed.record', record: { uri, cid: cid(random) } }
}

function gif(random: Random): JsonObject {
  const host = random.pick(['media.tenor.com', 'static.klipy.com', 'media.tenor.com.example'])
  const mark = random.pick(['Alt: ', 'ALT: ', 'User-provided alt text: ', ''])
  return card(`https://${host}/${random.below(1e6)}/loop.gif`, `${mark}${random.pick(SIGHTS)}`)
}

function card(uri: string, description: string): JsonObject {
  return { $type: 'app.bsky.embed.external', external: { uri, title: 'A page', description } }
}

/** A description for three pictures in five, else an empty or blank one, which counts as none. */
function alt(random: Random): string {
  return random.chance(0.6) ? random.pick(SIGHTS) : random.pick(['', ' '])
}

function blob(random: Random, mimeType: string): JsonObject {
  return { $type: 'blob', ref: { $link: cid(random) }, mimeType, size: 1000 + random.below(900_000) }
}

/** A random content id. */
export function cid(random: Random): string {
  const digest = new Uint8Array(32)
  for (let i = 0; i < digest.length; i++) digest[i] = random.below(256)
  return cidText(fromDigest(CODEC_DCBOR, digest))
}
