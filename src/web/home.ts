import type { Rulebook } from '../game/rulebook.ts'
import { board } from './board.ts'
import { largeFindForm } from './find-form.ts'
import { clockTime, count, counted, day, lasting, percent } from './format.ts'
import { type Html, html } from './html.ts'
import { layout, type Site } from './layout.ts'
import { type LevelUp, levelUpItem } from './level-ups.ts'
import { tierOf } from './person.ts'
import type { ShownPlace } from './shown.ts'
import { allOf, anyOf, capitalized } from './words.ts'

export type HomeOptions = {
  site: Site
  rules: Rulebook
  /** Totals, as in /v1/stats. */
  totals: { characters: number; experience: number; lagSeconds: number | null; connected: boolean }
  /** Posts with media that the whole network has made today, and those of them that are described. */
  today: { media: number; described: number }
  /** How far people are compared with their repositories after a gap that began at `since`; `undefined` where they are not. */
  reconciliation: { since: string; checked: number; people: number } | undefined
  /** The board of this week, or of all time while nobody has earned anything this week; `undefined` where there are no boards. */
  top: { kind: 'week' | 'all'; places: readonly ShownPlace[] } | undefined
  /** Newest first. */
  levelUps: readonly LevelUp[]
  /** ISO time. */
  now: string
}

/** The first page: a question, four numbers, the board, and what happens now. */
export function home(options: HomeOptions): string {
  const { site, rules, top, levelUps, reconciliation, now } = options
  return layout({
    site,
    title: 'bsky-rpg: what level are you on Bluesky?',
    description: `Bluesky as a role-playing game: experience for ${allOf(rules.kinds)}, more for described pictures, every point with its record.`,
    path: '/',
    canonical: '/',
    styles: ['home.css', 'boards.css'],
    scripts: ['live.js'],
    findInHeader: false,
    main: html`<div class="grid">
<section class="ask">
<h1>What level are you on Bluesky?</h1>
<p class="lead">${capitalized(allOf(rules.kinds))} earn experience. Pictures earn more, and most when you describe them for those who cannot see them.</p>
${largeFindForm()}
<p class="soft small">No sign-in. Every point stands beside the record that earned it.</p>
</section>
${figures(options)}
${reconciliation !== undefined && missed(reconciliation, now)}
${top !== undefined && standings(top, rules)}
<section class="card ${top === undefined ? 'full' : 'half'}" aria-labelledby="now">
<div class="row"><h2 id="now">Happening now</h2><span class="pulse" data-pulse>latest level-ups</span></div>
${
  levelUps.length === 0 ? html`<p class="soft" data-empty>Nobody has reached a new level just now.</p>` : ''
}<ol class="live" data-live data-titles="${JSON.stringify(titlesForScript(rules))}">${levelUps.map((levelUp) => levelUpItem(levelUp, { rules, now }))}</ol>
</section>
</div>`,
  })
}

/** What `assets/live.js` needs to know of titles. */
function titlesForScript({ titles }: Rulebook): { level: number; title: string; tier: string }[] {
  return titles.map(({ level, title }) => ({ level, title, tier: tierOf(level, titles) }))
}

function figures({ totals, today }: HomeOptions): Html {
  const { characters, experience, lagSeconds, connected } = totals
  const lag = connected
    ? lagSeconds === null
      ? 'not known yet'
      : lasting(lagSeconds * 1_000_000)
    : lagSeconds === null
      ? 'not listening yet'
      : 'not connected'
  const entries: [string, string][] = [
    ['characters', count(characters)],
    ['XP held', count(experience)],
    ['of today’s pictures are described', today.media === 0 ? '–' : percent(today.described, today.media)],
    ['behind the network', lag],
  ]
  return html`<dl class="figures">${entries.map(([name, value]) => html`<div class="card"><dt>${name}</dt><dd>${value}</dd></div>`)}</dl>`
}

/** Some numbers are not exact yet. */
function missed({ since, checked, people }: NonNullable<HomeOptions['reconciliation']>, now: string): Html {
  return html`<p class="card full small" data-missed>This server missed some of what happened from ${day(since, now)}, ${clockTime(since)} UTC on. It is asking everybody’s own server what that was: ${percent(Math.min(checked, people), people)} of ${counted(people, 'person', 'people')} done.</p>`
}

function standings({ kind, places }: NonNullable<HomeOptions['top']>, rules: Rulebook): Html {
  const heading = kind === 'week' ? 'This week' : 'Most experienced'
  const all = html`<ul class="chips">${[
    ['/boards', 'all time'],
    ['/boards/month', 'month'],
    ['/boards/week', 'week'],
  ].map(([to, name]) => html`<li><a href="${to}">${name}</a></li>`)}</ul>`
  if (places.length === 0) {
    return html`<section class="card half"><h2>${heading}</h2>
<p class="soft">Nobody yet: the first ${anyOf(rules.kinds)} that arrives makes the first character.</p></section>`
  }
  return html`<section class="card half"><div class="row"><h2>${heading}</h2>${all}</div>
${board(places, {
  titles: rules.titles,
  unit: kind === 'week' ? 'earned' : 'total',
  caption: kind === 'week' ? 'Who has earned most this week' : 'The characters with the most experience',
})}</section>`
}
