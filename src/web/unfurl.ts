// How a character looks when its address is pasted somewhere: Open Graph, Twitter cards and oEmbed.
import { plain } from './format.ts'
import { type Html, html } from './html.ts'
import { atName, inWords, nameOf, sheetAddress } from './person.ts'
import type { ShownCharacter } from './shown.ts'

/** The picture that a link shows. */
export const PICTURE = { width: 1_200, height: 630 } as const

export type UnfurlOptions = {
  /** The address of this server, without a slash at its end. */
  base: string
  character: ShownCharacter
  /** ISO time. */
  now: string
}

/** Tags for the head of a sheet. */
export function unfurlTags({ base, character, now }: UnfurlOptions): Html {
  const words = inWords(character)
  const page = base + sheetAddress(character)
  const picture = pictureAddress({ base, character, now })
  const properties: [string, string | number][] = [
    ['og:type', 'profile'],
    ['og:site_name', 'bsky-rpg'],
    ['og:title', words.title],
    ['og:description', words.description],
    ['og:url', page],
    ['og:image', picture],
    ['og:image:type', 'image/png'],
    ['og:image:width', PICTURE.width],
    ['og:image:height', PICTURE.height],
    ['og:image:alt', words.picture],
    ['profile:username', atName(character).replace(/^@/, '')],
  ]
  const names: [string, string][] = [
    ['twitter:card', 'summary_large_image'],
    ['twitter:title', words.title],
    ['twitter:description', words.description],
    ['twitter:image', picture],
    ['twitter:image:alt', words.picture],
  ]
  return html`${properties.map(([property, content]) => html`<meta property="${property}" content="${content}">\n`)}${names.map(
    ([name, content]) => html`<meta name="${name}" content="${content}">\n`,
  )}<link rel="alternate" type="application/json+oembed" href="${base}/oembed?url=${encodeURIComponent(page)}" title="${plain(nameOf(character))}">
`
}

/**
 * The address of the character's card as it is today. Sites keep a picture by its address for months, so a new level and a
 * new day have an address of their own; all of them show the card of now.
 */
export function pictureAddress({ base, character, now }: UnfurlOptions): string {
  return `${base}${sheetAddress(character)}/card.png?v=${character.leveling.level}-${now.slice(0, 10)}`
}
