import type { Title } from '../../game/titles.ts'
import { clockTime, count, day, isolated, percent } from '../format.ts'
import { type Html, html } from '../html.ts'
import { atName, face, nameOf, tierOf } from '../person.ts'
import type { ShownCharacter } from '../shown.ts'

export type Fact = { name: Html | string; value: Html | string; gold?: boolean }

export type HeroOptions = {
  character: ShownCharacter
  titles: readonly Title[]
  /** Whether the rank is shown. */
  ranked: boolean
  /** Further numbers, below the rank. */
  facts: readonly Fact[]
  now: string
}

/** Who this is: picture in a ring, name, title, level, what remains, rank. */
export function hero({ character, titles, ranked, facts, now }: HeroOptions): Html {
  const { title, leveling } = character
  const { level, experience, experienceToNextLevel, progressPercentage } = leveling
  const remaining =
    experienceToNextLevel === 0
      ? 'the highest level there is'
      : `${count(experienceToNextLevel)} XP to level ${count(level + 1)}`
  return html`<section class="card hero" aria-label="Character">
<div class="ring">${ring(progressPercentage)}${face(character, tierOf(level, titles), 256)}<span class="level">Level ${count(level)}</span></div>
<div><p class="title">${title}</p><h1>${isolated(nameOf(character))}</h1>
<p class="about"><a href="https://bsky.app/profile/${character.did}" rel="noopener">${isolated(atName(character))}</a></p>
<progress class="bar" max="100" value="${progressPercentage}" aria-label="Progress through level ${count(level)}"></progress>
<div class="row"><b class="num">${count(experience)} XP</b><span class="soft num">${remaining}</span></div></div>
<dl class="facts">${[...(ranked ? rank(character, now) : []), ...facts].map(
    ({ name, value, gold }) =>
      html`<div><dt>${name}</dt><dd class="${gold === true ? 'gold' : ''}">${value}</dd></div>`,
  )}</dl>
</section>`
}

/** How much of the level is done, around the picture; the progress bar says the same to screen readers. */
function ring(percentage: number): Html {
  return html`<svg viewBox="0 0 152 152" aria-hidden="true"><circle class="ring-back" cx="76" cy="76" r="70"/><circle class="ring-front" cx="76" cy="76" r="70" pathLength="100" stroke-dasharray="${percentage} 100" transform="rotate(-90 76 76)"${percentage === 0 && html` stroke-opacity="0"`}/></svg>`
}

function aheadOf(behind: number, of: number): string {
  if (behind === 0) return ''
  return behind === of - 1 ? ' · ahead of all others' : ` · ahead of ${percent(behind, of)}`
}

function rank({ did, handle, rank: standing }: ShownCharacter, now: string): Fact[] {
  if (standing === null) return []
  const { position, of, behind, asOf } = standing
  const ahead = `of ${count(of)}${aheadOf(behind, of)}`
  const time = asOf.slice(0, 10) === now.slice(0, 10) ? clockTime(asOf) : day(asOf, now)
  return [
    {
      value: html`<a href="/boards?around=${encodeURIComponent(handle ?? did)}" title="neighbours on the board">#${count(position)}</a>`,
      name: html`${ahead}<span class="hidden">, as of </span> <time class="nowrap" datetime="${asOf}" title="ranks are counted every so often">· ${time}${time.includes(':') && ' UTC'}</time>`,
    },
  ]
}
