import type { Title } from '../game/titles.ts'
import { count } from './format.ts'
import { type Html, html } from './html.ts'
import { tierOf, who } from './person.ts'
import type { ShownPlace } from './shown.ts'

export type BoardOptions = {
  titles: readonly Title[]
  /** For screen readers. */
  caption: string
  /** The DID of the person whose row is marked. */
  marked?: string | undefined
}

/** Characters by experience, as a table. */
export function board(places: readonly ShownPlace[], { titles, caption, marked }: BoardOptions): Html {
  const rows = places.map(({ rank, character }) => {
    const { did, title, leveling } = character
    return html`<tr${did === marked && html` aria-current="true"`}><td class="rank"><b>${count(rank)}</b></td>
<td>${who(character, titles)}</td>
<td class="right titled ${tierOf(leveling.level, titles)}"><span class="serif title">${title}</span></td>
<td class="right num nowrap">${count(leveling.experience)} <small class="soft">XP</small><small class="soft line">level ${count(leveling.level)}</small></td></tr>\n`
  })
  return html`<table class="board"><caption class="hidden">${caption}</caption>
<thead class="hidden"><tr><th scope="col">Rank</th><th scope="col">Character</th><th scope="col">Title</th><th scope="col">Experience and level</th></tr></thead>
<tbody>${rows}</tbody></table>`
}
