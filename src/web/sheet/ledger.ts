import type { Rulebook } from '../../game/rulebook.ts'
import { clockTime, count, day, signed } from '../format.ts'
import { type Html, html } from '../html.ts'
import { icon } from '../icons.ts'
import { entryWords, isTakenBack } from '../ledger-words.ts'
import { sheetAddress } from '../person.ts'
import type { ShownCharacter, ShownEvent } from '../shown.ts'
import { capitalized } from '../words.ts'

/** A page of somebody's ledger. */
export type ShownLedger = {
  /** Newest first. */
  items: readonly ShownEvent[]
  /** For the next page; null on the last one. */
  cursor: string | null
  /** The cursor of this page; `undefined` on the first one. */
  at: string | undefined
  /** The only collection that is listed; `undefined`: all. */
  type: string | undefined
  /** When the records that entries take back had been earned, as ISO times by URI, as far as that is known. */
  earned: ReadonlyMap<string, string>
}

export type LedgerOptions = { character: ShownCharacter; rules: Rulebook; now: string }

/** The ledger of a person, by day, as a bank statement. */
export function ledger(page: ShownLedger, { character, rules, now }: LedgerOptions): Html {
  const api = `/v1/characters/${encodeURIComponent(character.did)}/events`
  return html`<section class="card full" id="ledger" aria-labelledby="ledger-title">
<div class="row"><h2 id="ledger-title">Ledger</h2>
<small><a href="${api}.csv" download>CSV</a> · <a href="${api}.jsonl" download>JSON lines</a></small></div>
${filters(page, character, rules)}
${page.items.length === 0 ? html`<p class="soft">No entries${page.type !== undefined && ' of this kind'} are kept.</p>` : table(page, { rules, now })}
${more(page, character)}
</section>`
}

function filters({ type }: ShownLedger, character: ShownCharacter, { collections, kinds }: Rulebook): Html {
  const items: [string, string | undefined][] = [
    ['Everything', undefined],
    ...collections.map((collection, index): [string, string] => [
      capitalized(`${kinds[index] ?? collection}s`),
      collection,
    ]),
  ]
  return html`<ul class="chips" aria-label="Kinds of entries">${items.map(
    ([name, collection]) =>
      html`<li><a href="${pageAddress(character, { type: collection, cursor: undefined })}"${collection === type && html` aria-current="true"`}>${name}</a></li>`,
  )}</ul>`
}

function table({ items, earned }: ShownLedger, { rules, now }: Pick<LedgerOptions, 'rules' | 'now'>): Html {
  const days = Map.groupBy(items, ({ at }) => at.slice(0, 10))
  const bodies = [...days].map(
    ([date, events]) => html`<tbody><tr><th colspan="4" scope="rowgroup">${dayName(date, now)}</th></tr>
${events.map((event) => entry(event, { rules, now, earned: earned.get(event.uri) }))}</tbody>`,
  )
  return html`<table class="ledger"><caption class="hidden">Entries by day, newest first, with the experience that each brought and the level after it</caption>
<thead class="hidden"><tr><th scope="col">Time (UTC)</th><th scope="col">Entry</th><th scope="col">XP</th><th scope="col">Level after it</th></tr></thead>
${bodies}</table>`
}

function dayName(date: string, now: string): string {
  const name = day(date, now)
  return date === now.slice(0, 10) ? `Today, ${name}` : name
}

function entry(
  event: ShownEvent,
  { rules, now, earned }: { rules: Rulebook; now: string; earned: string | undefined },
): Html {
  const { delta, at, leveling } = event
  const { name, detail, icon: drawing } = entryWords(event, rules.words)
  const back =
    isTakenBack(event) && earned !== undefined && `it had earned ${count(-delta)} XP on ${day(earned, now)}`
  const details = [detail, back].filter((part) => part !== undefined && part !== false).join(' · ')
  const sign = delta > 0 ? 'plus' : delta < 0 ? 'minus' : 'soft'
  return html`<tr><td class="at soft num">${clockTime(at)}</td><td><div class="what">${icon(drawing)}<span>${name}${link(event)}<small class="soft line">${details}<span class="at-small">${details !== '' && ' · '}${clockTime(at)} UTC</span></small></span></div></td>
<td class="${sign}">${signed(delta)}</td><td>${levelAfter(leveling)}</td></tr>
`
}

/** A post opens on bsky.app; other records, which have no page there, in a viewer of records. */
function link({ uri, type, cause }: ShownEvent): Html | undefined {
  const [, , did = '', , rkey = ''] = uri.split('/')
  if (isTakenBack({ cause }) || cause === 'baseline' || rkey === '') return undefined
  return type === 'app.bsky.feed.post'
    ? html` <a href="https://bsky.app/profile/${did}/post/${rkey}" rel="noopener" class="source">open<span class="hidden"> the post on Bluesky</span></a>`
    : html` <a href="https://pdsls.dev/${uri}" rel="noopener" class="source">record</a>`
}

function levelAfter({ level, levelsGained }: ShownEvent['leveling']): Html {
  if (levelsGained === 0) return html`<span class="soft">level ${count(level)}</span>`
  const before = html`<span class="hidden">from level </span>${count(level - levelsGained)} <span aria-hidden="true">→</span><span class="hidden"> to </span> ${count(level)}`
  return levelsGained > 0
    ? html`<span class="up">${before} <span aria-hidden="true">▲</span></span>`
    : html`<span class="soft">${before}</span>`
}

function more({ cursor, at, type }: ShownLedger, character: ShownCharacter): Html | undefined {
  if (cursor === null && at === undefined) return undefined
  return html`<p class="more">${
    at !== undefined &&
    html`<a class="button quiet" href="${pageAddress(character, { type, cursor: undefined })}">Newest entries</a>`
  }${
    cursor !== null &&
    html`<a class="button quiet" rel="next" href="${pageAddress(character, { type, cursor })}">Older entries</a>`
  }</p>`
}

function pageAddress(
  character: ShownCharacter,
  { type, cursor }: { type: string | undefined; cursor: string | undefined },
): string {
  const query = new URLSearchParams({
    ...(type !== undefined && { type }),
    ...(cursor !== undefined && { cursor }),
  })
  return `${sheetAddress(character)}${query.size === 0 ? '' : `?${query}`}#ledger`
}
