import { ATTRIBUTES } from '../game/attributes.ts'
import { LEVELS_AS_SENTENCE, MAX_LEVEL, threshold } from '../game/levels.ts'
import type { Rulebook } from '../game/rulebook.ts'
import { count } from './format.ts'
import { type Html, html } from './html.ts'
import { layout, type Site } from './layout.ts'
import { tierOf } from './person.ts'
import { capitalized } from './words.ts'

/** The rules in force, as a page. */
export function rulesPage({
  site,
  rules,
  move,
}: {
  site: Site
  rules: Rulebook
  /** The move to these rules from earlier ones, and how much of it is done, 0 to 1; `undefined` while none is under way. */
  move: { from: number; done: number } | undefined
}): string {
  return layout({
    site,
    title: 'The rules · bsky-rpg',
    description:
      'What earns experience on this server, and how levels, titles and attributes follow from it.',
    path: '/rules',
    canonical: '/rules',
    styles: ['prose.css'],
    main: html`<div class="prose">
<h1>The rules</h1>
<p class="lead">These are the very rules that this server counts by. Nothing else brings experience, and nothing takes it away but the end of the record that earned it.</p>
${move !== undefined && html`<p class="notice">These rules are new, and everybody is being moved to them: ${Math.floor(move.done * 100)} % are done. The others still count by the rules before.</p>`}
<section class="card"><h2>What earns experience</h2>${awards(rules)}</section>
${caps(rules)}
<section class="card"><h2>What happens to it</h2>
<ul>
<li>Deleting a record takes back exactly what it had earned. Nothing is lost by waiting: experience does not fade.</li>
<li>An edited record is judged again. Bluesky does not let posts be edited, so a description has to be there from the start: <a href="/help/alt-text">how to describe a picture</a>.</li>
<li>What the network sends twice counts once.</li>
<li>A repost counts by what the reposted post shows. Until that is known it counts as a text.</li>
</ul></section>
<section class="card"><h2>Levels</h2>
<p>${LEVELS_AS_SENTENCE} So level 10 begins at ${count(threshold(10))} XP, and level 100 at ${count(threshold(100))} XP. The highest is ${count(MAX_LEVEL)}.</p></section>
<section class="card"><h2>Titles</h2>${titles(rules)}</section>
<section class="card" id="attributes"><h2>Attributes</h2>
<p>Four numbers say what somebody does most. They come from what is there now, and bring no experience of their own.</p>
<dl class="traits">${ATTRIBUTES.map(({ name, of, rule }) => html`<dt><strong>${name}</strong>, <span class="soft">from ${of}</span></dt><dd>${rule}</dd>`)}</dl></section>
<section class="card"><h2>Weeks, months, days</h2>
<p>Everything is counted in UTC: days from midnight to midnight, weeks from Monday as in ISO 8601, months as in the calendar. A record belongs to the day on which this server first saw it.</p></section>
<p>For programs: <a href="/v1/rules">/v1/rules</a>.</p>
</div>`,
  })
}

function awards({ points, words }: Rulebook): Html {
  const rows = Object.entries(points).map(
    ([reason, xp]) =>
      html`<tr class="award"><th scope="row">${words[reason]?.name ?? reason}<span class="example">${words[reason]?.example}</span></th><td class="right gold num nowrap">${count(xp)} XP</td></tr>\n`,
  )
  return html`<table><thead class="hidden"><tr><th scope="col">Record</th><th scope="col">Experience</th></tr></thead><tbody>${rows}</tbody></table>`
}

function caps({ caps: limits, collections, kinds }: Rulebook): Html {
  const entries = Object.entries(limits)
  if (entries.length === 0) {
    return html`<section class="card"><h2>Daily limits</h2><p>None on this server.</p></section>`
  }
  const kindOf = (collection: string) =>
    kinds[(collections as readonly string[]).indexOf(collection)] ?? collection
  return html`<section class="card"><h2>Daily limits</h2>
<ul>${entries.map(([collection, cap]) => html`<li>${capitalized(kindOf(collection))}s: at most <strong>${count(cap)} XP</strong> a day (UTC). What goes beyond stands in the ledger at 0 XP.</li>`)}</ul></section>`
}

function titles({ titles: list }: Rulebook): Html {
  const rows = list.map(
    ({ level, title }) =>
      html`<tr class="${tierOf(level, list)}"><th scope="row"><span class="swatch"></span>${title}</th><td class="right num">from level ${count(level)}</td></tr>`,
  )
  return html`<table class="titles"><tbody>${rows}</tbody></table>`
}
