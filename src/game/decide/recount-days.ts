import type { Did } from '@atcute/lexicons/syntax'
import type { RecordId } from '../../atproto/uri.ts'
import { isSameCounts, isSameTally, NO_COUNTS, NO_TALLY, shareOf, sumOf, type Tally } from '../days.ts'
import type { Rulebook } from '../rulebook.ts'
import { NO_DAYS, type RecordState, unknownActor } from '../state.ts'
import type { Day } from '../time.ts'
import type { Draft } from './draft.ts'
import { noteTally } from './note-day.ts'
import { describedIn } from './standings.ts'

/**
 * Adds all days of a person up anew from their records; only for people in `Touched.whole`. Reasons may have changed, and a
 * ledger from before there were days has none.
 */
export function recountDays(rules: Rulebook, draft: Draft, did: Did): void {
  const actor = draft.actor(did) ?? unknownActor(did)
  const days = tallies(rules, draft.records(did))
  const latest = days.keys().reduce((a, b) => Math.max(a, b), actor.running.day)
  const running = { day: latest, ...(days.get(latest) ?? NO_TALLY) }
  const all = [...days].map(([day, tally]) => ({ day, ...tally }))
  const described = describedIn(all, latest)
  days.delete(latest)
  const earlier = days.values().reduce((sum, { counts }) => sumOf(sum, counts), NO_COUNTS)
  const isRunning = latest === actor.running.day && isSameTally(running, actor.running)
  if (!isRunning || !isSameCounts(earlier, actor.earlier) || described !== actor.described)
    Object.assign(draft.change(did).actor, { running, earlier, described })
  replaceDays(draft, did, days)
}

/** Sums of all records by day, each made in place: a new one for every record would take most of the time of a recompute. */
function tallies(rules: Rulebook, records: Iterable<[RecordId, RecordState]>): Map<Day, Tally> {
  const days = new Map<Day, { experience: number; claimed: number; counts: Map<string, number> }>()
  for (const [{ collection }, state] of records) {
    const share = shareOf(rules, collection, state)
    if (share === undefined) continue
    const { day, experience, claimed, reason } = share
    const tally = days.getOrInsertComputed(day, () => ({ experience: 0, claimed: 0, counts: new Map() }))
    tally.experience += experience
    tally.claimed += claimed
    tally.counts.set(reason, (tally.counts.get(reason) ?? 0) + 1)
  }
  return days
}

function replaceDays(draft: Draft, did: Did, days: ReadonlyMap<Day, Tally>): void {
  const stored = draft.daysBefore(did)
  const drafted = draft.changes.actors.get(did)?.days ?? NO_DAYS
  for (const day of new Set([...stored.keys(), ...drafted.keys(), ...days.keys()])) {
    const now = days.get(day) ?? NO_TALLY
    const before = drafted.get(day) ?? stored.get(day) ?? NO_TALLY
    if (!isSameTally(before, now)) noteTally(draft.change(did), day, now)
  }
}
