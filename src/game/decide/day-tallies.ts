// Keeps the tallies of a person's days while a batch is decided. Only the running day is in the person's own state, and
// changes with every record; an earlier one is a row of its own, written when a later day begins and when its records change.
import { type DayShare, DESCRIBED, isSameShare, NO_TALLY, sumOf, type Tally, withShare } from '../days.ts'
import { monthOf } from '../periods.ts'
import type { ActorChange, ActorState } from '../state.ts'
import type { Day } from '../time.ts'
import { noteTally } from './note-day.ts'

/** The days before the running one as the store has them. */
type Stored = Pick<ReadonlyMap<Day, Tally>, 'get'>

/** Counts a record that brought `before` and brings `after` from now on. */
export function recount(
  change: ActorChange,
  stored: Stored,
  before: DayShare | undefined,
  after: DayShare | undefined,
): void {
  // An edit that changes nothing, or a repetition: an earlier day's row need not be written.
  if (before !== undefined && after !== undefined && isSameShare(before, after)) return
  if (before !== undefined) count(change, stored, before, -1)
  if (after !== undefined) count(change, stored, after, 1)
}

function count(change: ActorChange, stored: Stored, share: DayShare, step: 1 | -1): void {
  const { actor } = change
  const { day } = share
  countDescribed(actor, share, step)
  // The fast path, nearly always: the same day as before.
  if (day === actor.running.day) {
    const { experience, claimed, counts } = withShare(actor.running, share, step)
    actor.running = { day, experience, claimed, counts }
    return
  }
  if (day > actor.running.day) {
    const { day: ended, ...tally } = actor.running
    if (tally.counts.size > 0) noteTally(change, ended, tally)
    actor.earlier = sumOf(actor.earlier, tally.counts)
    actor.running = { day, ...withShare(NO_TALLY, share, step) }
    return
  }
  const before = change.days.get(day) ?? stored.get(day) ?? NO_TALLY
  noteTally(change, day, withShare(before, share, step))
  actor.earlier = withShare({ ...NO_TALLY, counts: actor.earlier }, share, step).counts
}

/** Keeps the described posts of the running day's month; to be called before that day moves on. */
function countDescribed(actor: ActorState, { day, reason }: DayShare, step: 1 | -1): void {
  const latest = actor.running.day
  if (day > latest && monthOf(day) !== monthOf(latest)) actor.described = 0
  if (reason === DESCRIBED && (day > latest || monthOf(day) === monthOf(latest))) actor.described += step
}
