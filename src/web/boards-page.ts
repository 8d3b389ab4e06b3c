import type { Rulebook } from '../game/rulebook.ts'
import { type BoardUnit, board } from './board.ts'
import { count, counted, day, isolated, percent } from './format.ts'
import { type Html, html } from './html.ts'
import { layout, type Site } from './layout.ts'
import { nameOf, sheetAddress, tierOf } from './person.ts'
import type { ShownCharacter, ShownLevels, ShownPeriod, ShownPlace } from './shown.ts'

export type BoardsOptions = {
  site: Site
  rules: Rulebook
  /** Which board this is: `all`, or the kind of period. */
  kind: string
  kinds: readonly string[]
  /** The period of the board; `undefined` for all time. */
  period: ShownPeriod | undefined
  places: readonly ShownPlace[]
  /** For the next page; null on the last one. */
  cursor: string | null
  /** Whether this is the first page. */
  first: boolean
  /** The person in whose neighbourhood this is. */
  around: ShownCharacter | undefined
  levels: ShownLevels | undefined
  /** ISO time. */
  now: string
}

type Words = { tab: string; heading: string; unit: BoardUnit; about: string }

const WORDS: Readonly<Record<string, Words>> = {
  all: {
    tab: 'All time',
    heading: 'All time',
    unit: 'total',
    about: 'All experience, of records that are still there.',
  },
  month: {
    tab: 'Month',
    heading: 'Month',
    unit: 'earned',
    about: 'Experience of records first seen in the calendar month, UTC.',
  },
  week: {
    tab: 'Week',
    heading: 'Week',
    unit: 'earned',
    about: 'Experience of records first seen from Monday to Sunday, UTC.',
  },
  described: {
    tab: 'Most described',
    heading: 'Most described',
    unit: 'described',
    about: 'Posts of the month whose pictures are all described.',
  },
}

/** A board, the way to the others, and the distribution of levels. */
export function boardsPage(options: BoardsOptions): string {
  const { site, kind, period, first, around } = options
  const words = wordsOf(kind)
  const path = pathOf(kind, period?.running === false ? period.name : undefined)
  return layout({
    site,
    title: `${words.heading}${period === undefined ? '' : ` ${period.name}`} · Boards · bsky-rpg`,
    description: `Characters on Bluesky: ${words.about}`,
    path: '/boards',
    ...(first && around === undefined && { canonical: path }),
    styles: ['boards.css'],
    main: html`<div class="head"><h1>Boards</h1>
<p>Equals share a rank and stand in an order that stays. People are here as long as they want to be shown.</p></div>
<nav class="periods" aria-label="Boards"><ul class="chips">${tabs(options)}</ul>${finder(options)}</nav>
<div class="grid"><section class="card wide" aria-labelledby="board-title">
<div class="row"><h2 id="board-title">${words.heading}</h2><small class="soft">${period !== undefined && span(period, options.now)}</small></div>
<p class="soft small">${words.about}</p>
${entries(options)}
${steps(options)}
</section>${options.levels !== undefined && distribution(options.levels, options)}</div>`,
  })
}

function wordsOf(kind: string): Words {
  return WORDS[kind] ?? { tab: kind, heading: kind, unit: 'earned', about: '' }
}

function pathOf(kind: string, period?: string | undefined): string {
  return ['/boards', kind === 'all' ? undefined : kind, period].filter((part) => part !== undefined).join('/')
}

function tabs({ kind, kinds, around }: BoardsOptions): Html[] {
  const query = around === undefined ? '' : `?around=${encodeURIComponent(around.handle ?? around.did)}`
  return ['all', ...kinds].map(
    (one) =>
      html`<li><a href="${pathOf(one)}${query}"${one === kind && html` aria-current="page"`}>${wordsOf(one).tab}</a></li>`,
  )
}

/** `23 to 29 November, so far`. */
function span({ from, to, running }: ShownPeriod, now: string): string {
  return `${day(from, now)} to ${day(to, now)}${running ? ', so far' : ''}`
}

/** A plain form: where somebody stands, among their neighbours. */
function finder({ kind, period }: BoardsOptions): Html {
  return html`<form class="find" action="${pathOf(kind, period?.running === false ? period.name : undefined)}" method="get">
<input name="around" required maxlength="300" aria-label="Find your place: handle or DID" placeholder="find your place" autocapitalize="none" autocomplete="off" autocorrect="off" spellcheck="false">
<button class="quiet">Find</button></form>`
}

function entries({ places, rules, kind, around }: BoardsOptions): Html {
  if (places.length === 0) {
    return around === undefined
      ? html`<p class="soft">Nobody stands here yet.</p>`
      : html`<p><a href="${sheetAddress(around)}">${isolated(nameOf(around))}</a> is not among the first of this board, which is as far as it goes.</p>`
  }
  const { unit, heading } = wordsOf(kind)
  return board(places, { titles: rules.titles, unit, caption: `Board: ${heading}`, marked: around?.did })
}

function steps({ kind, period, cursor, first, around }: BoardsOptions): Html | undefined {
  const here = pathOf(kind, period?.running === false ? period.name : undefined)
  const links: [string, string][] = []
  if (!first || around !== undefined) links.push([here, 'To the top'])
  if (cursor !== null && around === undefined)
    links.push([`${here}?cursor=${encodeURIComponent(cursor)}`, 'Further down'])
  if (period?.before !== undefined) links.push([pathOf(kind, period.before), `Before: ${period.before}`])
  if (period?.after !== undefined) links.push([pathOf(kind, period.after), `After: ${period.after}`])
  if (links.length === 0) return undefined
  return html`<p class="pages">${links.map(([to, name]) => html`<a class="button quiet" href="${to}">${name}</a>`)}</p>`
}

/** How many characters there are at which levels, as bars; the same numbers stand beside them. */
function distribution({ bands, characters, own }: ShownLevels, { rules, around }: BoardsOptions): Html {
  const most = Math.max(1, ...bands.map((band) => band.characters))
  const rows = bands.map(({ from, to, title, characters: number }) => {
    const mine = own !== null && own.level >= from && own.level <= to
    return html`<tr class="${tierOf(from, rules.titles)}"${mine && html` aria-current="true"`}><th scope="row" class="num nowrap">${from === to ? count(from) : `${count(from)}–${count(to)}`}</th>
<td><progress class="bar" max="${most}" value="${number}" aria-label="${counted(number, 'character')} at level ${from} to ${to}, ${title}"></progress></td><td class="right num">${count(number)}</td></tr>\n`
  })
  return html`<section class="card third levels" aria-labelledby="levels-title"><h2 id="levels-title">Levels</h2>
<p class="soft small">${counted(characters, 'character')}${
    own !== null &&
    around !== undefined &&
    html`; <a href="${sheetAddress(around)}">${isolated(nameOf(around))}</a> is ahead of ${percent(own.rank?.behind ?? 0, own.rank?.of ?? 0)}`
  }</p>
<table><caption class="hidden">How many characters there are at which levels</caption><thead class="hidden"><tr><th scope="col">Levels</th><th scope="col">Share</th><th scope="col">Characters</th></tr></thead><tbody>${rows}</tbody></table></section>`
}
