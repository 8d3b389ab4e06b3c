// What raises a level, from what somebody has done so far: concrete, and never a reproach.
import type { Rulebook } from '../../game/rulebook.ts'
import { clockTime, count, counted, day, percent, signed } from '../format.ts'
import { type Html, html } from '../html.ts'
import { type IconName, icon } from '../icons.ts'
import type { ShownInsights } from '../shown.ts'
import { capitalized } from '../words.ts'

type Tip = { icon: IconName; name: string; text: Html | string; gain?: string; more?: Html }

/** How many of the undescribed posts are listed. */
const MAX_LISTED = 5

/** The section “How to grow”. */
export function grow(insights: ShownInsights, rules: Rulebook): Html {
  const tips = [
    describing(insights, rules),
    streak(insights),
    nextLevel(insights, rules),
    nextTitle(insights),
    hours(insights),
  ].filter((tip) => tip !== undefined)
  return html`<section class="card half" aria-labelledby="grow-title"><h2 id="grow-title">How to grow</h2>
<ul class="tips">${tips.map(tipItem)}</ul>${shares(insights)}</section>`
}

function tipItem({ icon: drawing, name, text, gain, more }: Tip): Html {
  return html`<li>${icon(drawing)}<span><strong>${name}</strong><small class="soft">${text}</small></span>${
    gain !== undefined && html`<span class="gain num">${gain}</span>`
  }${more}</li>\n`
}

function describing({ described, undescribed, today }: ShownInsights, { points }: Rulebook): Tip {
  const { last30Days, ever } = described
  const all = points['post.alt'] ?? 0
  const more = all - (points['post.media'] ?? 0)
  const help = html`<a href="/help/alt-text">How to describe a picture</a>`
  if (last30Days.media === 0) {
    return {
      icon: 'alt',
      name: 'Post a picture, and describe it',
      text: html`Someone who cannot see it can follow then. ${help}`,
      gain: signed(all),
    }
  }
  if (last30Days.described === last30Days.media) {
    return {
      icon: 'alt',
      name:
        last30Days.media === 1
          ? 'Your picture of the last 30 days is described'
          : `All ${count(last30Days.media)} posts with pictures of the last 30 days are described`,
      text: `${percent(ever.described, ever.media)} of all that are still there. Thank you from those who cannot see them.`,
    }
  }
  const listed = undescribed.slice(0, MAX_LISTED)
  return {
    icon: 'alt',
    name: 'Describe the next picture',
    text: html`${count(last30Days.described)} of ${counted(last30Days.media, 'post')} with pictures of the last 30 days are described, ${percent(ever.described, ever.media)} of all. ${help}`,
    gain: `${signed(more)} each`,
    ...(listed.length > 0 && {
      more: html`<details><summary class="small">The latest without a description</summary><ul class="small">${listed.map(
        ({ uri, at, wouldHaveEarned }) =>
          html`<li><a href="${postAddress(uri)}" rel="noopener">${day(at, today)}, ${clockTime(at)} UTC</a>: the same, described, earns ${count(wouldHaveEarned)} XP</li>`,
      )}</ul></details>`,
    }),
  }
}

function streak({ streak: { current, longest, lastDay, activeOf28 }, today }: ShownInsights): Tip {
  const active = `Active on ${count(activeOf28)} of the last 28 days (UTC)`
  if (current === 0) {
    return { icon: 'flame', name: 'Any day begins a streak', text: `${active}.`, gain: '1 day' }
  }
  return {
    icon: 'flame',
    name: `${counted(current, 'day')} in a row`,
    text: `${active}; the longest streak is ${counted(longest, 'day')}. ${
      lastDay === today ? 'Today counts already.' : 'Anything before midnight UTC counts for today.'
    }`,
    gain: lastDay === today ? counted(current, 'day') : `${count(current)} → ${count(current + 1)}`,
  }
}

function nextLevel(
  { pace: { nextLevel: next, perDay }, today }: ShownInsights,
  rules: Rulebook,
): Tip | undefined {
  if (next === null) return undefined
  return {
    icon: 'peak',
    name: `Level ${count(next.level)} is ${count(next.missing)} XP away`,
    text: `${waysTo(next.missing, rules)}.${pace(perDay, next.at, today)}`,
    gain: `${count(next.missing)} XP`,
  }
}

/** `1 described post, or 6 likes`, by the rules in force. */
function waysTo(missing: number, { points }: Rulebook): string {
  const ways = WAYS.flatMap(([reason, name]) => {
    const each = points[reason] ?? 0
    const n = Math.ceil(missing / each)
    return each === 0 || n > 50 ? [] : [counted(n, name)]
  })
  return ways.length === 0 ? 'Step by step' : ways.join(', or ')
}

/** What brings most, and what is easiest. */
const WAYS = [
  ['post.alt', 'described post'],
  ['like', 'like'],
] as const

function nextTitle({ pace: { nextTitle: next, perDay }, today }: ShownInsights): Tip | undefined {
  if (next === null) return undefined
  return {
    icon: 'rules',
    name: `${next.title} from level ${count(next.level)} on`,
    text: `${count(next.missing)} XP to go.${pace(perDay, next.at, today)}`,
  }
}

function pace(perDay: number, at: string | null, today: string): string {
  if (at === null || perDay <= 0) return ''
  return ` At ${count(Math.round(perDay))} XP a day, as in the last 28 days, about ${day(at, today)}.`
}

/** The three hours in a row that bring most. */
function hours({ hours: byHour }: ShownInsights): Tip | undefined {
  const sum = (n: number) => [0, 1, 2].reduce((total, step) => total + (byHour[(n + step) % 24] ?? 0), 0)
  const all = byHour.reduce((total, one) => total + one, 0)
  const best = Array.from({ length: 24 }, (_, n) => n).reduce((a, b) => (sum(b) > sum(a) ? b : a), 0)
  if (all === 0) return undefined
  const hour = (n: number) => `${String(n % 24).padStart(2, '0')}:00`
  return {
    icon: 'clock',
    name: `Most happens from ${hour(best)} to ${hour(best + 3)} UTC`,
    text: `${percent(sum(best), all)} of the latest experience.`,
  }
}

function shares({ kinds }: ShownInsights): Html | undefined {
  const entries = Object.entries(kinds).filter(([, n]) => n > 0)
  const all = entries.reduce((sum, [, n]) => sum + n, 0)
  if (all === 0) return undefined
  return html`<p class="legend">${entries
    .toSorted(([, a], [, b]) => b - a)
    .map(([kind, n]) => html`<span>${capitalized(kind)}s ${percent(n, all)}</span>`)}</p>`
}

function postAddress(uri: string): string {
  const [, , did = '', , rkey = ''] = uri.split('/')
  return `https://bsky.app/profile/${did}/post/${rkey}`
}
