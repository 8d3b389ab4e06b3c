// How a person is named, pictured and linked to.
import type { Title } from '../game/titles.ts'
import { count, isolated, plain } from './format.ts'
import { type Html, html } from './html.ts'
import type { ShownCharacter } from './shown.ts'

type Named = Pick<ShownCharacter, 'did' | 'handle' | 'displayName'>

/** The display name, or the handle, or the DID: the first that shows anything. */
export function nameOf({ did, handle, displayName }: Named): string {
  return (displayName !== null && plain(displayName)) || handle || did
}

/** The path of the sheet of `name`, a DID or a handle; it redirects to the person's `sheetAddress`. */
export function sheetPath(name: string): string {
  return `/@${encodeURI(name)}`
}

/** The one address of a person's sheet; others redirect there. */
export function sheetAddress({ did, handle }: Pick<Named, 'did' | 'handle'>): string {
  return sheetPath(handle ?? did)
}

/** `@alice.example`, or the DID where no handle is known. */
export function atName({ did, handle }: Pick<Named, 'did' | 'handle'>): string {
  return handle === null ? did : `@${handle}`
}

/** A character in sentences, for those who do not see the page or the card. */
export function inWords(character: ShownCharacter): {
  title: string
  description: string
  /** Of the card. */
  picture: string
  /** As its owner might say it. */
  boast: string
} {
  const { title, leveling } = character
  const { level, experience, experienceToNextLevel } = leveling
  const what = `level ${count(level)} ${plain(title)}`
  const next =
    experienceToNextLevel === 0 ? '' : `, ${count(experienceToNextLevel)} XP to level ${count(level + 1)}`
  const name = plain(nameOf(character))
  return {
    title: `${name}, ${what}`,
    description: `${atName(character)} has ${count(experience)} XP on Bluesky${next}. Every point names the record that earned it.`,
    picture: `Card of ${name}: ${what}, ${count(experience)} XP${next}`,
    boast: `I am a ${what} on Bluesky, with ${count(experience)} XP.`,
  }
}

const COLOURS = 10

/** Which of the ten colours a level's title has, from 0, however many titles there are. */
export function tierIndexOf(level: number, titles: readonly Title[]): number {
  const index = Math.max(
    0,
    titles.findLastIndex((title) => title.level <= level),
  )
  return titles.length <= COLOURS ? index : Math.floor((index * (COLOURS - 1)) / (titles.length - 1))
}

/** The class of that colour. */
export function tierOf(level: number, titles: readonly Title[]): string {
  return `tier-${tierIndexOf(level, titles)}`
}

/**
 * A round picture of a person: their avatar, through this server, or the first letter of their name. Decorative, since the
 * name stands beside it.
 */
export function face(
  person: Named & Pick<ShownCharacter, 'avatar'>,
  tier: string,
  side: 96 | 256 = 96,
): Html {
  const picture =
    person.avatar === null
      ? initialOf(person)
      : html`<img src="/avatars/${encodeURI(person.did)}?size=${side}" width="${side}" height="${side}" alt="" loading="lazy" decoding="async">`
  return html`<span class="face ${tier}" aria-hidden="true">${picture}</span>`
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
