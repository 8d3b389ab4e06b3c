import type { OwnCharacter } from '../../store/store.ts'
import { count, isolated } from '../format.ts'
import { html } from '../html.ts'
import { layout, type Site } from '../layout.ts'
import { action, SAME_ORIGIN } from './parts.ts'

/** Asks once more before everything is deleted. */
export function leavePage({
  site,
  own,
  token,
}: {
  site: Site
  own: OwnCharacter | undefined
  token: string
}): string {
  const handle = own?.profile?.handle
  const records = own === undefined ? 0 : [...own.counts.values()].reduce((sum, n) => sum + n, 0)
  return layout({
    site,
    title: 'Delete everything? · bsky-rpg',
    path: '/me',
    styles: ['prose.css', 'own.css'],
    head: SAME_ORIGIN,
    findInHeader: false,
    main: html`<div class="prose">
<h1>Delete everything${handle !== undefined && html` about ${isolated(`@${handle}`)}`}?</h1>
<p class="lead">This cannot be undone.</p>
<section class="card">
<ul>
<li>${records === 0 ? 'Whatever there is about you' : `${count(records)} ${records === 1 ? 'record' : 'records'} and ${count(own?.experience ?? 0)} XP, with every entry of your ledger,`} will be deleted from this server.</li>
<li>You disappear from every page, card, board and stream, and from the records of others that name you.</li>
<li>What you do on Bluesky from now on is not counted here.</li>
<li>Nothing changes on Bluesky itself.</li>
</ul>
<p>If you come back one day, you begin from nothing. To be unseen and keep what you have earned, hide instead.</p>
<div class="actions">${action('/me/delete', { token, label: 'Delete everything' })}
<a class="button quiet" href="/me">Keep it</a></div></section>
</div>`,
  })
}
