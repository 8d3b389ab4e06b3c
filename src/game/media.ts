import { isObject } from '../atproto/json.ts'

/** What a post shows besides its text; `alt` when every item has alt text. */
export type Media = 'text' | 'media' | 'alt'

/** Hosts of the GIF picker's files, compared as whole hostnames: a look-alike host makes an ordinary link card. */
const GIF_HOSTS: ReadonlySet<string> = new Set(['media.tenor.com', 'static.klipy.com'])

/**
 * The GIF picker's marks of alt text that the person wrote, in this case exactly: `ALT: ` marks text that the picker
 * generated, which does not count.
 */
const WRITTEN_ALT = ['Alt: ', 'User-provided alt text: ']

/**
 * A code point that a person can read or hear. Marks, joiners, variation selectors, tags, direction marks and fillers
 * show nothing by themselves. Nor do the last three, for which Unicode has no property: the blank Braille pattern, the
 * null note head and the object replacement character. Unassigned code points count, since a later Unicode, and so a
 * later Node, may assign them; noncharacters are never assigned and do not count.
 */
const READABLE =
  /[^\p{White_Space}\p{Cc}\p{Cf}\p{Cs}\p{M}\p{Default_Ignorable_Code_Point}\p{Noncharacter_Code_Point}\u{2800}\u{1D159}\u{FFFC}]/u

/**
 * Classifies a post's `embed` (lexicon app.bsky.feed.post), or an AppView's view of one. Takes any value: all but media
 * is `text`, as are quotes, embeds without items, and link cards that the GIF picker did not make.
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

/** The media half of a quote with media. Refuses to nest again, as the lexicon does: that would recurse without a bound. */
function mediaOfPart(embed: unknown): Media {
  const nested = isObject(embed) && typeof embed.$type === 'string' ? lexiconOf(embed.$type) : undefined
  return nested === 'app.bsky.embed.recordWithMedia' ? 'text' : mediaOf(embed)
}

/** Reads the AppView's `app.bsky.embed.images#view` as `app.bsky.embed.images`. */
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
