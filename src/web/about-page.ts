import type { Rulebook } from '../game/rulebook.ts'
import { html } from './html.ts'
import { layout, type Site } from './layout.ts'
import { allOf } from './words.ts'

/** What this server is, what it keeps, and how to be removed from it. */
export function aboutPage({ site, rules }: { site: Site; rules: Rulebook }): string {
  const { contact } = site
  return layout({
    site,
    title: 'About · bsky-rpg',
    description: 'What this server keeps of people on Bluesky, what it does not keep, and how to be removed.',
    path: '/about',
    canonical: '/about',
    styles: ['prose.css'],
    main: html`<div class="prose">
<h1>About</h1>
<p class="lead">bsky-rpg listens to what people do in public on Bluesky, and counts it as a role-playing game. It never posts, likes or follows, and nobody has to sign in to look.</p>
<section class="card"><h2>What is kept</h2>
<ul>
<li>Of ${allOf(rules.kinds)}: their address on the network, when they were first seen, what they earned, and whether they show media that is described.</li>
<li>Of a repost: which post it names.</li>
<li>Of people: their public name, handle, and the address of their picture, as Bluesky shows them.</li>
</ul></section>
<section class="card"><h2>What is not kept</h2>
<ul>
<li>The text of posts, pictures, and descriptions of pictures.</li>
<li>Who follows, blocks, or reads whom; anything private.</li>
<li>Anything about those who look at these pages, beyond a count of requests an address for a minute, and of histories that it asks for, for an hour. No other hosts, no trackers, and no cookies unless you sign in: then one, for a week at most.</li>
</ul></section>
<section class="card"><h2>Who is shown</h2>
<p>Only people of whom Bluesky has said that they may be shown. People who ask apps not to show them to those who are not signed in are not shown here. People who delete, deactivate or hide their accounts disappear within seconds from pages, boards and streams.</p></section>
<section class="card" id="leave"><h2>How to be removed</h2>
<ul>
<li><a href="/me">Sign in with Bluesky</a>, and hide or delete your character. It is done within seconds, with everything that you did before, and you can come back.</li>
<li>On Bluesky, under Settings, Privacy and security, ask that apps do not show you to people who are not signed in. You are hidden here at once, too.</li>
<li>Or ask the operator of this server to forget you for good. ${contact === undefined ? 'They have not said how to reach them.' : html`Write to <strong>${contact}</strong>.`}</li>
</ul></section>
<section class="card"><h2>How to check it</h2>
<p>Each point names its record. The ledger of every character can be read as <a href="/docs/">JSON</a>, CSV and JSON lines; the <a href="/rules">rules</a> are those that the server counts by, and the operator can verify that all sums agree. The program is free software under the MIT licence.</p></section>
</div>`,
  })
}
