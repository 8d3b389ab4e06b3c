import type { Rulebook } from '../game/rulebook.ts'
import { largeFindForm } from './find-form.ts'
import { html } from './html.ts'
import { layout, type Site } from './layout.ts'
import { anyOf } from './words.ts'

/**
 * The page for somebody who is not shown here. It is the same for people who are unknown, hidden or gone, and for handles that
 * nobody has, so that it does not tell one from another.
 */
export function newcomerPage({ site, rules }: { site: Site; rules: Rulebook }): string {
  return layout({
    site,
    title: 'Nobody here by that name · bsky-rpg',
    path: '',
    styles: ['prose.css'],
    findInHeader: false,
    main: html`<div class="prose">
<h1>Nobody here by that name, yet</h1>
<p class="lead">A character begins with the first ${anyOf(rules.kinds)} that this server sees.</p>
${largeFindForm()}
<h2>How one comes to be here</h2>
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
