// How somebody grows, by their own insights: for themselves only.
import { i18n } from '#i18n'
import type { Insights } from '../client/server.ts'
import { el } from './element.ts'
import { reasonName } from './entry-words.ts'
import { count, day, percent, plain } from './format.ts'

/** XP of the running ISO week, which begins on Monday, UTC. */
export function thisWeek({ today, days }: Insights): number {
  const date = new Date(`${today}T00:00:00Z`)
  date.setUTCDate(date.getUTCDate() - ((date.getUTCDay() + 6) % 7))
  const monday = date.toISOString().slice(0, 10)
  return days.reduce(
    (sum, entry) => (entry.date >= monday && entry.date <= today ? sum + entry.experience : sum),
    0,
  )
}

export function growthView(insights: Insights): HTMLElement {
  return el(
    'dl',
    { class: 'bsky-rpg-growth' },
    ...row(i18n.t('growth.described'), described(insights)),
    ...row(i18n.t('growth.streak'), streak(insights)),
    ...row(i18n.t('growth.next'), next(insights)),
    ...row(i18n.t('growth.today'), today(insights)),
  )
}

function row(name: string, value: string): HTMLElement[] {
  return [el('dt', {}, name), el('dd', {}, value)]
}

function described({ described: { last30Days, ever } }: Insights): string {
  if (ever.media === 0) return i18n.t('growth.noMedia')
  const recent =
    last30Days.media === 0
      ? i18n.t('growth.noRecentMedia')
      : i18n.t('growth.recentMedia', [count(last30Days.described), count(last30Days.media)])
  return `${recent} · ${i18n.t('growth.everMedia', [percent(ever.described, ever.media)])}`
}

function streak({ streak: { current, longest, activeOf28 } }: Insights): string {
  const days = i18n.t('growth.days', current, [count(current)])
  return `${days} · ${i18n.t('growth.activeDays', [count(activeOf28), count(longest)])}`
}

function next({ pace: { nextLevel, nextTitle } }: Insights): string {
  if (nextLevel === null) return i18n.t('growth.highest')
  const level = i18n.t('growth.toLevel', [count(nextLevel.missing), count(nextLevel.level)])
  const when = nextLevel.at === null ? '' : ` ${i18n.t('growth.at', [day(nextLevel.at)])}`
  const title =
    nextTitle === null
      ? ''
      : ` · ${i18n.t('growth.toTitle', [plain(nextTitle.title), count(nextTitle.level)])}`
  return level + when + title
}

function today({ today: date, days }: Insights): string {
  const entry = days.find((found) => found.date === date)
  const counted = Object.entries(entry?.counts ?? {}).filter(([, n]) => n > 0)
  if (entry === undefined || counted.length === 0) return i18n.t('growth.nothingToday')
  const list = counted.map(([reason, n]) => `${count(n)} × ${reasonName(reason, undefined)}`).join(', ')
  return `${i18n.t('growth.earned', [count(entry.experience)])}: ${list}`
}
