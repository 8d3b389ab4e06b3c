// What people have on the boards of periods, by the tallies of their days.
import { BOARD_KINDS, type BoardKind, type PeriodBoard, periodOf, type Standing } from '../boards.ts'
import { type DayTally, DESCRIBED, NO_TALLY, type Tally } from '../days.ts'
import { monthOf, weekOf } from '../periods.ts'
import { type ActorChange, type ActorState, isHidden } from '../state.ts'
import type { Day } from '../time.ts'

/** The days before the running one as the store has them. */
type Stored = ReadonlyMap<Day, Tally>

/** What a person of these days has on the boards of all their periods. */
export function standingsOf(days: readonly DayTally[]): Standing[] {
  const [first] = days
  // The fast path: somebody new has one day.
  if (first !== undefined && days.length === 1) return onlyDay(first)
  const standings: Standing[] = []
  for (const kind of BOARD_KINDS) {
    const periods = new Map<number, Standing>()
    for (const tally of days) {
      const earned = countedBy(kind, tally)
      if (earned === 0) continue
      const period = periodOf(kind, tally.day)
      const standing = periods.get(period)
      if (standing !== undefined) {
        standing.earned += earned
        continue
      }
      const begun = { kind, period, earned }
      periods.set(period, begun)
      standings.push(begun)
    }
  }
  return standings
}

function onlyDay(tally: DayTally): Standing[] {
  const standings: Standing[] = []
  for (const kind of BOARD_KINDS) {
    const earned = countedBy(kind, tally)
    if (earned !== 0) standings.push({ kind, period: periodOf(kind, tally.day), earned })
  }
  return standings
}

/** How many posts of the month around `day` have all their media described. */
export function describedIn(days: Iterable<DayTally>, day: Day): number {
  const month = monthOf(day)
  let sum = 0
  for (const tally of days) if (monthOf(tally.day) === month) sum += countedBy('described', tally)
  return sum
}

/**
 * The standings that a batch has changed, of a person who is shown after it; all of them where the person was not shown
 * before, or `anew`. `before` is what the store has of the person, and of their days `stored`: those in the periods of all
 * days that the batch has changed, or else all.
 */
export function changedStandings(
  before: ActorState | undefined,
  stored: Stored,
  change: ActorChange,
  { anew }: { anew: boolean },
): Standing[] {
  const { actor: after, days } = change
  if (!isShown(after)) return []
  if (anew || before === undefined || !isShown(before)) {
    return withEmptyLatest(after, standingsOf(allDays(stored, change)))
  }
  return days.size === 0 && before.running.day === after.running.day
    ? today(before, after)
    : movedStandings(before, stored, change)
}

/** All days of a person as of now. Most people who are new have but one. */
function allDays(stored: Stored, { actor, days }: ActorChange): DayTally[] {
  if (stored.size === 0 && days.size === 0) return [actor.running]
  const earlier = new Map([...stored, ...days])
  return [...[...earlier].map(([day, tally]) => ({ day, ...tally })), actor.running]
}

/**
 * Adds the person's latest periods in which nothing is left: others may be on the boards of earlier ones, which have ended for
 * the sums in this person's own row.
 */
function withEmptyLatest(after: ActorState, standings: Standing[]): Standing[] {
  const { length } = standings
  for (const kind of BOARD_KINDS) {
    const day = latestDay(kind, after)
    if (day === 0) continue
    const period = periodOf(kind, day)
    let isThere = false
    for (let i = 0; i < length && !isThere; i++)
      isThere = standings[i]?.kind === kind && standings[i]?.period === period
    if (!isThere) standings.push({ kind, period, earned: 0 })
  }
  return standings
}

export function isShown(actor: ActorState): boolean {
  return actor.born && !isHidden(actor)
}

/** The fast path, nearly always: nothing has changed but the running day. Its XP is that of the latest week and month, too. */
function today(before: ActorState, after: ActorState): Standing[] {
  const { day, experience } = after.running
  const standings: Standing[] = []
  const { day: latest, week, month } = after.periods
  // A later week may begin although all that was earned in it is taken back in the same batch.
  if (experience !== before.running.experience || latest !== before.periods.day) {
    standings.push({ kind: 'week', period: weekOf(latest), earned: week })
    standings.push({ kind: 'month', period: monthOf(latest), earned: month })
  }
  if (after.described !== before.described)
    standings.push({ kind: 'described', period: monthOf(day), earned: after.described })
  return standings
}

/** Adds what each changed day has gained to what the person had in its periods before. */
function movedStandings(before: ActorState, stored: Stored, { actor: after, days }: ActorChange): Standing[] {
  const gains = new Map<string, Standing>()
  const gain = (board: PeriodBoard, amount: number): void => {
    gains.getOrInsertComputed(nameOf(board), () => ({ ...board, earned: 0 })).earned += amount
  }
  const had = (day: Day): Tally =>
    day === before.running.day ? before.running : (stored.get(day) ?? NO_TALLY)
  const has = (day: Day): Tally => (day === after.running.day ? after.running : (days.get(day) ?? NO_TALLY))
  for (const day of new Set([...days.keys(), before.running.day, after.running.day])) {
    for (const kind of BOARD_KINDS) {
      const amount = countedBy(kind, has(day)) - countedBy(kind, had(day))
      if (amount !== 0) gain({ kind, period: periodOf(kind, day) }, amount)
    }
  }
  for (const kind of BOARD_KINDS) {
    // A later period begins, even if nothing is left in it: the store has to keep what the person had in the former one.
    const running = periodOf(kind, latestDay(kind, after))
    if (running !== periodOf(kind, latestDay(kind, before))) gain({ kind, period: running }, 0)
  }
  return [...gains.values()].map(({ kind, period, earned }) => ({
    kind,
    period,
    earned: earned + earnedIn({ kind, period }, before, stored),
  }))
}

function earnedIn({ kind, period }: PeriodBoard, before: ActorState, stored: Stored): number {
  if (period === periodOf(kind, latestDay(kind, before))) return latestSum(kind, before)
  let sum = 0
  for (const [day, tally] of [...stored, [before.running.day, before.running] as const]) {
    if (periodOf(kind, day) === period) sum += countedBy(kind, tally)
  }
  return sum
}

/** The day whose week or month a person's own row sums up; see `ActorState`. */
function latestDay(kind: BoardKind, { periods, running }: ActorState): Day {
  return kind === 'described' ? running.day : periods.day
}

function latestSum(kind: BoardKind, { periods, described }: ActorState): number {
  return kind === 'described' ? described : periods[kind]
}

function countedBy(kind: BoardKind, { experience, counts }: Tally): number {
  return kind === 'described' ? (counts.get(DESCRIBED) ?? 0) : experience
}

function nameOf({ kind, period }: PeriodBoard): string {
  return `${kind} ${period}`
}
