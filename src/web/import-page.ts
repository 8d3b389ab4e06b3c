import { count, isolated } from './format.ts'
import { type Html, html } from './html.ts'
import { importAddress, importForm } from './import-form.ts'
import { layout, type Site } from './layout.ts'
import { notice, SAME_ORIGIN } from './own/parts.ts'
import { sheetPath } from './person.ts'

/** Seconds until the page looks again where there is no script. */
const REFRESH_SECONDS = 2

export type ImportPageOptions = {
  site: Site
  /** A DID or handle. */
  name: string
  shown: ShownImport
}

/** How far an import is, as in the API. */
type ShownImport = {
  did: string
  state: 'queued' | 'running' | 'done' | 'refused' | 'cancelled'
  records: number
  of: number | null
  /** Why it is refused, or has to be tried again. */
  detail: string | null
}

/** How far the import of somebody's history is. Once it is done, their sheet takes the place of this page. */
export function importPage({ site, name, shown }: ImportPageOptions): string {
  const isUnderWay = shown.state === 'queued' || shown.state === 'running'
  return layout({
    site,
    title: 'Counting a history · bsky-rpg',
    path: '',
    styles: ['prose.css', 'own.css', 'import.css'],
    scripts: isUnderWay ? ['import.js'] : [],
    head: html`${SAME_ORIGIN}${isUnderWay && html`<noscript><meta http-equiv="refresh" content="${REFRESH_SECONDS}"></noscript>\n`}`,
    main: html`<div class="prose import">
<p class="soft who">${isolated(name.startsWith('did:') ? name : `@${name}`)}</p>
${isUnderWay ? underWay(name, shown) : ended(name, shown)}
</div>`,
  })
}

/** `assets/import.js` changes it as events arrive. */
function underWay(name: string, { did, state, records, of, detail }: ShownImport): Html {
  const value = of === null || of === 0 ? undefined : html` value="${Math.min(1, records / of).toFixed(3)}"`
  return html`<h1>Counting the whole history</h1>
<section class="card counting" data-import="/v1/characters/${encodeURI(did)}/import/stream" aria-label="Progress">
<p class="so-far"><b class="num" data-records>${count(records)}</b> <span data-unit>${of === null ? 'records so far' : html`of ${count(of)} records so far`}</span></p>
<progress class="bar" data-bar aria-label="Records that are counted"${value}></progress>
<p class="soft" role="status" data-words>${wordsOf(state, records)}</p>
<p class="soft small" data-detail${detail === null && html` hidden`}>${detail !== null && `${detail} It is tried again.`}</p>
</section>
<p>The sheet opens as soon as all of it is counted. You may close this page: the server goes on.</p>
<form action="${importAddress(name)}/cancel" method="post"><button class="quiet">Cancel</button></form>`
}

function wordsOf(state: ShownImport['state'], records: number): string {
  if (state === 'queued') return 'Waiting for its turn'
  return records === 0
    ? 'Reading the repository from their own server'
    : 'Counting every record, and what it earns'
}

function ended(name: string, { state, records, detail }: ShownImport): Html {
  switch (state) {
    case 'cancelled':
      return html`<h1>Cancelled</h1>
<p class="lead">What has been counted stays. You can have the rest counted at any time; it goes on from here.</p>
${importForm({ name, label: 'Go on' })}`
    case 'refused':
      return html`<h1>This history cannot be counted</h1>
${notice('trouble', detail ?? '')}
<p>People decide for themselves whether they are here. <a href="/about">What is kept, and how to be removed</a></p>
<div class="actions">${importForm({ name, label: 'Try again', quiet: true })}<a class="button quiet" href="/">To the first page</a></div>`
    default:
      return html`<h1>All of it is counted</h1>
<p class="lead">${
        records === 0
          ? 'There is nothing to show: the repository has nothing that earns experience, or Bluesky has not said yet that its owner wants to be shown.'
          : 'The sheet is shown as soon as Bluesky has said who this is.'
      }</p>
<a class="button" href="${sheetPath(name)}">Look again</a>`
  }
}
