import type { Rulebook } from '../game/rulebook.ts'
import { board } from './board.ts'
import { html } from './html.ts'
import { layout, type Site } from './layout.ts'
import type { ShownPlace } from './shown.ts'

export type BoardsOptions = {
  site: Site
  rules: Rulebook
  places: readonly ShownPlace[]
  /** For the next page; null on the last one. */
  cursor: string | null
  /** Whether this is the first page. */
  first: boolean
  /** The person in whose neighbourhood this is. */
  around: string | undefined
}

/** The characters with the most experience. */
export function boardsPage({ site, rules, places, cursor, first, around }: BoardsOptions): string {
  return layout({
    site,
    title: 'Boards · bsky-rpg',
    description: 'The characters with the most experience on Bluesky.',
    path: '/boards',
    ...(first && around === undefined && { canonical: '/boards' }),
    styles: ['boards.css'],
    main: html`<div class="head"><h1>Boards</h1>
<p>Equals share a rank. A person stands here as long as they want to be shown.</p></div>
<section class="card"><h2>All time</h2>
${
  places.length === 0
    ? html`<p class="soft">Nobody stands here yet.</p>`
    : board(places, { titles: rules.titles, caption: 'Characters by experience', marked: around })
}
<p class="pages">${!first && html`<a class="button quiet" href="/boards">To the top</a>`}${cursor !== null && html`<a class="button quiet" rel="next" href="/boards?cursor=${encodeURIComponent(cursor)}">Further down</a>`}</p>
</section>`,
  })
}
