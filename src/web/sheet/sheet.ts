import { deedsOf } from '../../game/attributes.ts'
import type { Rulebook } from '../../game/rulebook.ts'
import { count, counted, signed } from '../format.ts'
import { type Html, html } from '../html.ts'
import { importForm } from '../import-form.ts'
import { layout, type Site } from '../layout.ts'
import { SAME_ORIGIN } from '../own/parts.ts'
import { atName, nameOf, sheetAddress, tierOf } from '../person.ts'
import { SHARE_SCRIPT, SHARE_STYLE, shareBox } from '../share.ts'
import type { ShownCharacter, ShownInsights } from '../shown.ts'
import { unfurlTags } from '../unfurl.ts'
import { chart } from './chart.ts'
import { grow } from './grow.ts'
import { type Fact, hero } from './hero.ts'
import { ledger, type ShownLedger } from './ledger.ts'
import { traits } from './traits.ts'
import { weeksOf } from './weeks.ts'
import { year } from './year.ts'

export type SheetOptions = {
  site: Site
  rules: Rulebook
  character: ShownCharacter
  insights: ShownInsights
  events: ShownLedger
  /** Whether their history from before this server can be imported. */
  offersImport: boolean
  /** ISO time. */
  now: string
  /** The address of this server; see `unfurlTags`. */
  base: string
}

/** A character sheet: who this is, what they are good at, how to grow, and every point of it. */
export function sheet(options: SheetOptions): string {
  const { site, rules, character, insights, events, offersImport, now, base } = options
  const { title, leveling } = character
  const address = sheetAddress(character)
  const { days, today, bestWeek } = insights
  const weeks = weeksOf(days, today)
  return layout({
    site,
    title: `${nameOf(character)}, level ${count(leveling.level)} ${title}`,
    description: `${nameOf(character)} (${atName(character)}) is a level ${count(leveling.level)} ${title} on Bluesky, with ${count(leveling.experience)} XP, each point with its record.`,
    path: address,
    canonical: address,
    styles: ['sheet.css', 'chart.css', 'import.css', SHARE_STYLE],
    scripts: [SHARE_SCRIPT],
    head: html`${SAME_ORIGIN}${unfurlTags({ base, character, now })}`,
    tier: tierOf(leveling.level, rules.titles),
    main: html`<div class="grid">
${hero({ character, titles: rules.titles, ranked: site.boards, facts: factsOf(insights, weeks.at(-1)?.monday ?? today), now })}
${offersImport && importOffer(character)}
${traits(character.attributes, deedsOf(new Map(Object.entries(character.tally))))}
${grow(insights, rules)}
${chart({ weeks, experience: leveling.experience, bestWeek, today })}
${year(weeks, today)}
${shareBox({ base, character, now })}
${ledger(events, { character, rules, now })}
<p class="full soft small">Is this you? <a href="/me">You decide whether this page is shown</a>.</p>
</div>`,
  })
}

/** What happened before this server listened can be counted, too. */
function importOffer({ did, handle }: ShownCharacter): Html {
  return html`<section class="card full offer row" aria-label="History"><p>Counted since this server first saw them.</p>
${importForm({ name: handle ?? did, label: 'Count the whole history', quiet: true })}</section>`
}

/** This week and the streak. */
function factsOf({ days, streak }: ShownInsights, monday: string): Fact[] {
  const week = days.reduce((sum, { date, experience }) => (date >= monday ? sum + experience : sum), 0)
  return [
    { value: signed(week), name: 'XP this week', gold: true },
    {
      value: counted(streak.current, 'day'),
      name: `in a row · ${streak.activeOf28} of the last 28 days`,
    },
  ]
}
