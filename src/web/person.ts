// How a person is named, pictured and linked to.
import type { Title } from '../game/titles.ts'
import { isolated, plain } from './format.ts'
import { type Html, html } from './html.ts'
import type { ShownCharacter } from './shown.ts'

type Named = Pick<ShownCharacter, 'did' | 'handle' | 'displayName'>

/** The display name, or the handle, or the DID: the first that shows anything. */
export function nameOf({ did, handle, displayName }: Named): string {
  return (displayName !== null && plain(displayName)) || handle || did
}

/** The one address of a person's sheet; others redirect there. */
export function sheetAddress({ did, handle }: Pick<Named, 'did' | 'handle'>): string {
  return `/@${encodeURI(handle ?? did)}`
}

/** `@alice.example`, or the DID where no handle is known. */
export function atName({ did, handle }: Pick<Named, 'did' | 'handle'>): string {
  return handle === null ? did : `@${handle}`
}

/** The class of the colour of a level's title; ten colours for however many titles there are. */
export function tierOf(level: number, titles: readonly Title[]): string {
  const index = Math.max(
    0,
    titles.findLastIndex((title) => title.level <= level),
  )
  return `tier-${titles.length <= 10 ? index : Math.floor((index * 9) / (titles.length - 1))}`
}

/** A round picture of a person: the first letter of their name. Decorative, since the name stands beside it. */
export function face(person: Named, tier: string): Html {
  return html`<span class="face ${tier}" aria-hidden="true">${initialOf(person)}</span>`
}

const graphemes = new Intl.Segmenter('en', { granularity: 'grapheme' })

function initialOf(person: Named): string {
  const name = nameOf(person).replace(/^did:\w+:/, '')
  const readable = [...graphemes.segment(name)].find(({ segment }) =>
    /[\p{L}\p{N}\p{Emoji_Presentation}]/u.test(segment),
  )
  return (readable?.segment ?? '·').toLocaleUpperCase('en')
}

/** Face, name and handle, linking to the sheet. */
export function who(person: ShownCharacter, titles: readonly Title[]): Html {
  return html`<div class="who">${face(person, tierOf(person.leveling.level, titles))}<span><a href="${sheetAddress(person)}">${isolated(nameOf(person))}</a>
<small>${isolated(atName(person))}</small></span></div>`
}
