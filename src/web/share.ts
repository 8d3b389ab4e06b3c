// What people take along: a post, the link, the picture, and markup for pages of their own.
import type { AssetName } from './assets.ts'
import { type Html, html } from './html.ts'
import { inWords, sheetAddress } from './person.ts'
import type { ShownCharacter } from './shown.ts'
import { PICTURE, pictureAddress, type UnfurlOptions } from './unfurl.ts'

/** Themes of cards, by what they are called on the page. */
const THEMES = [
  ['night', 'Night'],
  ['paper', 'Paper'],
  ['ember', 'Ember'],
  ['grove', 'Grove'],
] as const

/** The script that adds buttons to copy; without it the texts can be selected. */
export const SHARE_SCRIPT: AssetName = 'share.js'
export const SHARE_STYLE: AssetName = 'share.css'

/** A section of a sheet. */
export function shareBox(options: UnfurlOptions): Html {
  const { base, character } = options
  const sheet = sheetAddress(character)
  const words = inWords(character)
  const texts: [id: string, name: string, text: string][] = [
    ['share-link', 'Link', base + sheet],
    ['share-picture', 'Picture', pictureAddress(options)],
    ['share-markdown', 'Markdown', markdown(base, character)],
    ['share-html', 'HTML', markup(base, character)],
    ['share-badge', 'Badge', badge(base, character)],
  ]
  return html`<section class="card share" aria-labelledby="share">
<h2 id="share">Share</h2>
<a class="share-card" href="${sheet}/card.png"><picture><source media="(prefers-color-scheme: dark)" srcset="${sheet}/card.png"><img src="${sheet}/card.png?theme=paper" width="${PICTURE.width}" height="${PICTURE.height}" loading="lazy" alt="${words.picture}"></picture></a>
<div>
<p class="share-first"><a class="button" href="${intent(base, character)}" rel="noopener">Post it on Bluesky</a>
<span class="soft">The link unfurls into this card.</span></p>
<dl class="share-texts">${texts.map(
    ([id, name, text]) =>
      html`<div><dt><label for="${id}">${name}</label></dt><dd><input id="${id}" data-copy value="${text}" readonly></dd></div>`,
  )}</dl>
<p class="soft share-themes">The card in other colours: ${THEMES.map(
    ([theme, name], index) =>
      html`${index > 0 && ', '}<a href="${sheet}/card.png?theme=${theme}">${name}</a>`,
  )}; <a href="${sheet}/card.png?size=compact">small</a>; <a href="${sheet}/card.svg">SVG</a>.</p>
</div>
</section>`
}

/** Bluesky's own page for a new post, with the text in it. */
function intent(base: string, character: ShownCharacter): string {
  const text = `${inWords(character).boast}\n\n${base}${sheetAddress(character)}`
  return `https://bsky.app/intent/compose?text=${encodeURIComponent(text)}`
}

function markdown(base: string, character: ShownCharacter): string {
  const sheet = base + sheetAddress(character)
  return `[![${inMarkdown(inWords(character).title)}](${sheet}/card.png)](${sheet})`
}

function badge(base: string, character: ShownCharacter): string {
  const sheet = base + sheetAddress(character)
  const picture = `https://img.shields.io/endpoint?url=${encodeURIComponent(`${sheet}/badge.json`)}`
  return `[![${inMarkdown(inWords(character).title)}](${picture})](${sheet})`
}

function markup(base: string, character: ShownCharacter): string {
  const sheet = base + sheetAddress(character)
  const { width, height } = PICTURE
  return html`<a href="${sheet}"><img src="${sheet}/card.png" width="${width / 2}" height="${height / 2}" alt="${inWords(character).title}"></a>`
    .text
}

/** Names may have brackets, which would end the text of a link. */
function inMarkdown(text: string): string {
  return text.replaceAll(/[\\[\]`*_<>&!]/g, (sign) => `\\${sign}`)
}
