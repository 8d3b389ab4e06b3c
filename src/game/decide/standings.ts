import type { Standing } from '../boards.ts'
import { monthOf, NO_PERIODS, type Periods, weekOf } from '../periods.ts'
import { type ActorState, isHidden } from '../state.ts'

/** What a person who is shown has on the boards of their latest week and month. */
export function standingsAt(periods: Periods): Standing[] {
  return changesOf(NO_PERIODS, periods)
}

/** The standings that a batch has changed, of a person who is shown after it; `before` is what the store has of them. */
export function changedStandings(before: ActorState | undefined, after: ActorState): Standing[] {
  if (!isShown(after)) return []
  return changesOf(before !== undefined && isShown(before) ? before.periods : NO_PERIODS, after.periods)
}

function changesOf(was: Periods, { day, week, month }: Periods): Standing[] {
  const standings: Standing[] = []
  if (was.week !== week || weekOf(was.day) !== weekOf(day))
    standings.push({ kind: 'week', period: weekOf(day), earned: week })
  if (was.month !== month || monthOf(was.day) !== monthOf(day))
    standings.push({ kind: 'month', period: monthOf(day), earned: month })
  return standings
}

function isShown(actor: ActorState): boolean {
  return actor.born && !isHidden(actor)
}
