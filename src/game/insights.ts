// What somebody can learn from their own ledger: how much of their media is described, their streak, their pace.
import type { Micros } from '../atproto/event.ts'
import { uriOf } from '../atproto/uri.ts'
import { dateOf, periodName, periodOf } from './boards.ts'
import { BARE, type Counts, type DayTally, DESCRIBED } from './days.ts'
import { levelOf, MAX_LEVEL, threshold } from './levels.ts'
import { kindOf, type Rulebook } from './rulebook.ts'
import type { LedgerEvent } from './state.ts'
import { DAY_MICROS, type Day, dayOf, HOUR_MICROS, iso, secondsOf } from './time.ts'

/** Days of the year that insights tell, of the month that they look at, and of the pace. */
const YEAR_DAYS = 366
const MONTH_DAYS = 30
const PACE_DAYS = 28
/** The most undescribed posts that are told. */
const MAX_UNDESCRIBED = 20
/** A level that takes longer at this pace has no date: it would say nothing. */
const MAX_AHEAD_DAYS = 36_525

export type InsightsInput = {
  rules: Pick<Rulebook, 'points' | 'titles' | 'title'>
  /** The present time. */
  now: Micros
  /** Total XP. */
  experience: number
  /** All live records by reason. */
  tally: Counts
  /** All days, oldest first. */
  days: readonly DayTally[]
  /** The latest events of any kind, and the latest about posts, newest first. */
  latest: readonly LedgerEvent[]
  posts: readonly LedgerEvent[]
}

type Described = { described: number; media: number }
type Undescribed = { uri: string; at: string; experience: number; wouldHaveEarned: number }
type Streak = {
  current: number
  longest: number
  lastDay: string | null
  until: string | null
  activeOf28: number
}
/** `missing` XP until `level`; `at` is the day on which it comes at the present pace, `null` where that is not within a century. */
type Ahead = { level: number; missing: number; at: string | null }

export function insightsOf(input: InsightsInput) {
  const { rules, now, tally, days, latest, posts } = input
  const today = dayOf(secondsOf(now))
  const since = (length: number) => days.filter(({ day }) => day > today - length && day <= today)
  return {
    today: dateOf(today),
    described: {
      last30Days: describedIn(since(MONTH_DAYS).map(({ counts }) => counts)),
      ever: describedIn([tally]),
    },
    undescribed: undescribedIn(posts, rules),
    streak: streakOf(days, today),
    bestWeek: bestWeekOf(days),
    days: since(YEAR_DAYS).map(({ day, experience, claimed, counts }) => ({
      date: dateOf(day),
      experience,
      claimed,
      counts: Object.fromEntries(counts),
    })),
    hours: hoursOf(latest),
    hoursOver: latest.filter(isCreation).length,
    kinds: kindsOf(tally),
    pace: paceOf(input, since(PACE_DAYS), today),
  }
}

function describedIn(all: readonly Counts[]): Described {
  const sum = (reason: string) => all.reduce((total, counts) => total + (counts.get(reason) ?? 0), 0)
  const described = sum(DESCRIBED)
  return { described, media: described + sum(BARE) }
}

/** The posts among the latest whose media are not described, newest first. */
function undescribedIn(posts: readonly LedgerEvent[], { points }: Pick<Rulebook, 'points'>): Undescribed[] {
  const byRecord = Map.groupBy(posts, (event) => uriOf(event))
  const found: Undescribed[] = []
  for (const [uri, events] of byRecord) {
    const [newest] = events
    // Its newest event says what the record counts as now, or that it is gone.
    if (newest?.reason !== BARE || newest.cause === 'delete' || newest.cause === 'sync') continue
    const creation = events.find(isCreation)
    const sum = events.reduce((total, { delta }) => total + delta, 0)
    found.push({
      uri,
      at: iso((creation ?? newest).at),
      // Where its creation is further back, only the award is known, which a cap may have cut.
      experience: creation === undefined ? (points[BARE] ?? 0) : sum,
      wouldHaveEarned: points[DESCRIBED] ?? 0,
    })
  }
  // A record created anew stands where it was created last.
  return found.sort((a, b) => (a.at < b.at ? 1 : -1)).slice(0, MAX_UNDESCRIBED)
}

/** Days on which something was earned, in a row. Today counts from its first XP on, and breaks nothing before it is over. */
function streakOf(days: readonly DayTally[], today: Day): Streak {
  const active = days.filter(({ day, experience }) => experience > 0 && day <= today).map(({ day }) => day)
  let longest = 0
  let run = 0
  for (const [n, day] of active.entries()) {
    run = active[n - 1] === day - 1 ? run + 1 : 1
    longest = Math.max(longest, run)
  }
  const last = active.at(-1)
  const lasts = last !== undefined && last >= today - 1
  return {
    current: lasts ? run : 0,
    longest,
    lastDay: last === undefined ? null : dateOf(last),
    until: lasts ? iso((last + 2) * DAY_MICROS) : null,
    activeOf28: active.filter((day) => day > today - PACE_DAYS).length,
  }
}

/** The ISO week that brought the most, the earliest of equals. */
function bestWeekOf(days: readonly DayTally[]): { week: string; experience: number } | null {
  const weeks = new Map<number, number>()
  for (const { day, experience } of days) {
    const week = periodOf('week', day)
    weeks.set(week, (weeks.get(week) ?? 0) + experience)
  }
  let best: { week: string; experience: number } | null = null
  for (const [period, experience] of weeks) {
    if (experience > (best?.experience ?? 0))
      best = { week: periodName({ kind: 'week', period }), experience }
  }
  return best
}

/** XP of the records that the events created, by the hour of the day in UTC. */
function hoursOf(events: readonly LedgerEvent[]): number[] {
  const hours = Array.from({ length: 24 }, () => 0)
  for (const { at, delta } of events.filter(isCreation)) {
    const hour = Math.floor((at % DAY_MICROS) / HOUR_MICROS)
    hours[hour] = (hours[hour] ?? 0) + delta
  }
  return hours
}

function isCreation({ cause }: LedgerEvent): boolean {
  return cause === 'create'
}

/** Live records by the first word of their reason, such as `post`. */
function kindsOf(tally: Counts): Record<string, number> {
  const kinds: Record<string, number> = {}
  for (const [reason, n] of tally) {
    const kind = kindOf(reason)
    kinds[kind] = (kinds[kind] ?? 0) + n
  }
  return kinds
}

function paceOf({ rules, experience }: InsightsInput, recent: readonly DayTally[], today: Day) {
  const perDay = recent.reduce((sum, day) => sum + day.experience, 0) / PACE_DAYS
  const level = levelOf(experience)
  const ahead = (next: number): Ahead => {
    const missing = threshold(next) - experience
    const within = perDay > 0 ? Math.ceil(missing / perDay) : Number.POSITIVE_INFINITY
    return { level: next, missing, at: within > MAX_AHEAD_DAYS ? null : dateOf(today + within) }
  }
  const title = rules.titles.find((entry) => entry.level > level)
  return {
    perDay: Math.round(perDay * 100) / 100,
    nextLevel: level < MAX_LEVEL ? ahead(level + 1) : null,
    nextTitle:
      title === undefined || title.level > MAX_LEVEL ? null : { ...ahead(title.level), title: title.title },
  }
}
