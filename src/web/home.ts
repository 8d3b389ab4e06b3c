import { LEVELS_AS_SENTENCE, levelOf } from '../game/levels.ts'
import type { Rulebook } from '../game/rulebook.ts'
import type { Ranked, StoreStatus } from '../store/store.ts'
import { findForm } from './find-form.ts'
import { type Html, html, raw } from './html.ts'
import { style } from './style.ts'
import { allOf, anyOf, capitalized } from './words.ts'

export type HomeOptions = {
  status: StoreStatus
  /** Whether ingest is connected to a Jetstream host. */
  connected: boolean
  top: readonly Ranked[]
  rules: Rulebook
  contact: string | undefined
  version: string
}

/** The first page: an introduction, totals, the top of the board, the rules and links. */
export function home({ status, connected, top, rules, contact, version }: HomeOptions): string {
  const page = html`<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>bsky-rpg</title>
<meta name="description" content="Bluesky as a role-playing game: experience for ${allOf(rules.kinds)}, more for alt text.">
<style>${raw(style)}</style>
</head>
<body><main>
<h1>bsky-rpg</h1>
<p class="lead">What people do on Bluesky, as a role-playing game that anyone can check.
${capitalized(allOf(rules.kinds))} earn experience; pictures earn more, and most if they have alt text.</p>
${findForm()}
${numbers(status, connected)}
<div class="columns">
${board(top, rules)}
${points(rules)}
${links()}
</div>
<footer>
<p>Every point names the record that earned it; deleting a record takes back exactly the XP that it earned. The text of posts is not kept.</p>
<p>${contact === undefined ? 'bsky-rpg' : html`Run by ${contact}, who also removes you from here if you ask.`} · ${version}</p>
</footer>
</main></body></html>`
  return page.text
}

function numbers(
  { characters, events, experience, heartbeat, gaps }: StoreStatus,
  connected: HomeOptions['connected'],
): Html {
  const lag =
    heartbeat === undefined
      ? 'not listening yet'
      : !connected
        ? 'not connected'
        : `${Math.round(heartbeat.lag / 1_000_000)} s`
  const entries: [string, string][] = [
    ['characters', count(characters)],
    ['events in the ledger', count(events)],
    ['XP', count(experience)],
    ['behind the network', lag],
    ['gaps', count(gaps.length)],
  ]
  return html`<dl class="numbers">${entries.map(([name, value]) => html`<div><dt>${name}</dt><dd>${value}</dd></div>`)}</dl>`
}

function board(top: readonly Ranked[], rules: Rulebook): Html {
  if (top.length === 0) {
    return html`<section><h2>Most experienced</h2><p class="faint">Nobody yet: the first ${anyOf(rules.kinds)}
that arrives makes the first character.</p></section>`
  }
  const rows = top.map(({ rank, character: { did, profile, experience } }) => {
    const name = profile?.displayName ?? profile?.handle ?? did
    const level = levelOf(experience)
    return html`<tr><td class="faint">${rank}</td><td><a href="/v1/characters/${did}">${name}</a>
<span class="faint">${rules.title(level)}</span></td><td class="gold">level ${count(level)}</td></tr>`
  })
  return html`<section><h2>Most experienced</h2><table>${rows}</table></section>`
}

function points({ points: table }: Rulebook): Html {
  const rows = Object.entries(table).map(
    ([reason, xp]) => html`<tr><th scope="row">${describe(reason)}</th><td class="gold">${xp} XP</td></tr>`,
  )
  return html`<section><h2>How experience is counted</h2><table>${rows}</table>
<p class="faint">${LEVELS_AS_SENTENCE}</p></section>`
}

const SHOWN: Readonly<Record<string, string>> = {
  text: 'text',
  media: 'with media',
  alt: 'with media, all with alt text',
}

/** `post.alt` in words. */
function describe(reason: string): string {
  const [kind = reason, shown] = reason.split('.')
  return shown === undefined ? kind : `${kind}, ${SHOWN[shown] ?? shown}`
}

function links(): Html {
  const entries: [string, string][] = [
    ['/docs', 'the API: read about it and try it'],
    ['/openapi.json', 'the same for programs'],
    ['/v1/leaderboards/all', 'the whole leaderboard'],
    ['/v1/stream', 'awards and level-ups as they happen'],
    ['/v1/rules', 'the rules in force'],
    ['/v1/stats', 'totals, gaps, growth'],
  ]
  return html`<section><h2>More</h2><ul>${entries.map(([path, what]) => html`<li><a href="${path}">${path}</a>: ${what}</li>`)}</ul></section>`
}

function count(n: number): string {
  return n.toLocaleString('en')
}
