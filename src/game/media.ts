import { isObject } from '../atproto/json.ts'

/** What a post shows besides its text; `alt` when every item of it is described for those who cannot see it. */
export type Media = 'text' | 'media' | 'alt'

/** Hosts of the GIF picker's files, compared as whole hostnames: look-alikes are link cards like any other. */
const GIF_HOSTS: ReadonlySet<string> = new Set(['media.tenor.com', 'static.klipy.com'])

/**
 * How the GIF picker marks alt text that the person wrote. It writes `ALT: ` before text that it made itself,
 * which does not count, so the comparison minds the case.
 */
const WRITTEN_ALT = ['Alt: ', 'User-provided alt text: ']

/**
 * A code point that a person can read or hear. Marks, joiners, variation selectors, tags, direction marks and fillers
 * show nothing by themselves; neither does what the last three name, which has no property that says so: Braille without
 * dots, an empty note head, the place of an object. Code points that Unicode has yet to assign count, so that the answer
 * does not change with the version of Node; noncharacters never will be any.
 */
const READABLE =
  /[^\p{White_Space}\p{Cc}\p{Cf}\p{Cs}\p{M}\p{Default_Ignorable_Code_Point}\p{Noncharacter_Code_Point}\u{2800}\u{1D159}\u{FFFC}]/u

/**
 * Judges a post's `embed` (lexicon app.bsky.feed.post), or an AppView's view of one. Takes anything at all: what is
 * not media is `text`. A quote is not media, neither is a link card unless the GIF picker made it, nor an embed without items.
 */
export function mediaOf(embed: unknown): Media {
  if (!isObject(embed) || typeof embed.$type !== 'string') return 'text'
  switch (lexiconOf(embed.$type)) {
    case 'app.bsky.embed.images':
      return mediaOfItems(embed.images)
    case 'app.bsky.embed.gallery':
      return mediaOfItems(embed.items)
    case 'app.bsky.embed.video':
      return isDescription(embed.alt) ? 'alt' : 'media'
    case 'app.bsky.embed.external':
      return mediaOfCard(embed.external)
    case 'app.bsky.embed.recordWithMedia':
      return mediaOfPart(embed.media)
    default:
      return 'text'
  }
}

/** The media half of a quote with media; the lexicon does not let it nest again, and neither do we. */
function mediaOfPart(embed: unknown): Media {
  const nested = isObject(embed) && typeof embed.$type === 'string' ? lexiconOf(embed.$type) : undefined
  return nested === 'app.bsky.embed.recordWithMedia' ? 'text' : mediaOf(embed)
}

/** `app.bsky.embed.images#view` is the AppView's word for `app.bsky.embed.images`. */
function lexiconOf(type: string): string {
  return type.endsWith('#view') ? type.slice(0, -'#view'.length) : type
}

function mediaOfItems(items: unknown): Media {
  if (!Array.isArray(items) || items.length === 0) return 'text'
  return items.every((item: unknown) => isObject(item) && isDescription(item.alt)) ? 'alt' : 'media'
}

function mediaOfCard(card: unknown): Media {
  if (!isObject(card) || typeof card.uri !== 'string' || !isGif(card.uri)) return 'text'
  const { description } = card
  if (typeof description !== 'string') return 'media'
  const prefix = WRITTEN_ALT.find((mark) => description.startsWith(mark))
  return prefix !== undefined && isDescription(description.slice(prefix.length)) ? 'alt' : 'media'
}

function isGif(uri: string): boolean {
  const url = URL.parse(uri)
  return (
    url !== null && (url.protocol === 'https:' || url.protocol === 'http:') && GIF_HOSTS.has(url.hostname)
  )
}

function isDescription(alt: unknown): alt is string {
  return typeof alt === 'string' && READABLE.test(alt)
}
