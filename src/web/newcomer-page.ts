import type { Rulebook } from '../game/rulebook.ts'
import { largeFindForm } from './find-form.ts'
import { isolated } from './format.ts'
import { type Html, html } from './html.ts'
import { importForm } from './import-form.ts'
import { layout, type Site } from './layout.ts'
import { SAME_ORIGIN } from './own/parts.ts'
import { anyOf } from './words.ts'

export type NewcomerPageOptions = {
  site: Site
  rules: Rulebook
  /** Whom somebody looks for: a DID or handle. */
  name: string
  /** Whether this server imports people whom somebody asks for. */
  imports: boolean
}

/**
 * The page for somebody who is not shown here. It is the same for people who are unknown, hidden or gone, and for handles that
 * nobody has, so that it does not tell one from another.
 */
export function newcomerPage({ site, rules, name, imports }: NewcomerPageOptions): string {
  return layout({
    site,
    title: 'Nobody here by that name · bsky-rpg',
    path: '',
    styles: ['prose.css', 'import.css'],
    head: SAME_ORIGIN,
    findInHeader: false,
    main: html`<div class="prose">
<h1>Nobody here by that name, yet</h1>
<p class="lead">A character begins with the first ${anyOf(rules.kinds)} that this server sees${imports && ', or with all of them at once'}.</p>
${imports && offer(name)}
${largeFindForm()}
<h2>How one comes to be here${imports && ' otherwise'}</h2>
<ol>
<li>Write, like or repost something on Bluesky while this server listens.</li>
<li>Within a few seconds the server asks Bluesky who you are, and whether you want to be shown to people who are not signed in.</li>
<li>If you do, your sheet is here, at <code>/@your.handle</code>.</li>
</ol>
<h2>Why somebody may not be here</h2>
<ul>
<li>They have done nothing since this server began to listen.</li>
<li>They ask apps not to show them to people who are not signed in (on Bluesky: Settings, Privacy and security).</li>
<li>They have left Bluesky, have another handle now, or do not want to be here.</li>
</ul>
<p>This page is the same in all of these cases. <a href="/about">What is kept, and how to be removed</a></p>
</div>`,
  })
}

function offer(name: string): Html {
  return html`<section class="card offer"><h2>Count it all now</h2>
<p>What ${named(name)} did before this server began to listen is in a public repository of their own. The server reads it, checks its owner’s signature, and counts every record in it. That takes some seconds.</p>
${importForm({ name, label: 'Count the whole history' })}</section>`
}

/** `@alice.example`, or a DID as it is. */
function named(name: string): Html {
  return html`<strong>${isolated(name.startsWith('did:') ? name : `@${name}`)}</strong>`
}
