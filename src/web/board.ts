import type { Title } from '../game/titles.ts'
import { count, signed } from './format.ts'
import { type Html, html } from './html.ts'
import { tierOf, who } from './person.ts'
import type { ShownPlace } from './shown.ts'

/** What is counted on a board, beside the name of a place. */
export type BoardUnit = 'total' | 'earned' | 'described'

export type BoardOptions = {
  titles: readonly Title[]
  unit: BoardUnit
  /** For screen readers. */
  caption: string
  /** The DID of the person whose row is marked. */
  marked?: string | undefined
}

/** Characters by what they have, as a table. */
export function board(places: readonly ShownPlace[], options: BoardOptions): Html {
  const { titles, unit, caption, marked } = options
  const rows = places.map(({ rank, earned, character }) => {
    const { did, title, leveling } = character
    return html`<tr${did === marked && html` aria-current="true"`}><td class="rank"><b>${count(rank)}</b></td>
<td>${who(character, titles)}</td>
<td class="right titled ${tierOf(leveling.level, titles)}"><span class="serif title">${title}</span></td>
<td class="right num nowrap">${amount(unit, earned ?? leveling.experience)}<small class="soft line">level ${count(leveling.level)}</small></td></tr>\n`
  })
  return html`<table class="board"><caption class="hidden">${caption}</caption>
<thead class="hidden"><tr><th scope="col">Rank</th><th scope="col">Character</th><th scope="col">Title</th><th scope="col">${HEADINGS[unit]}, and level</th></tr></thead>
<tbody>${rows}</tbody></table>`
}

const HEADINGS: Readonly<Record<BoardUnit, string>> = {
  total: 'Experience',
  earned: 'Experience in this time',
  described: 'Described posts',
}

function amount(unit: BoardUnit, value: number): Html {
  switch (unit) {
    case 'total':
      return html`${count(value)} <small class="soft">XP</small>`
    case 'earned':
      return html`<span class="plus">${signed(value)}</span> <small class="soft">XP</small>`
    case 'described':
      return html`${count(value)} <small class="soft">described</small>`
  }
}
