// Caps are counted per person, collection and UTC day: the sum of all XP ever granted to records that were first witnessed
// on that day, by creates, updates, answers and recomputes alike. So nothing gets around a cap, not even stream times that
// go back over midnight. XP that is lost is not granted again: deleting and reposting must not pay.
import type { Nsid } from '@atcute/lexicons/syntax'
import type { RecordId } from '../../atproto/uri.ts'
import type { Rulebook } from '../rulebook.ts'
import type { ActorChange, Granted, RecordState } from '../state.ts'
import { type Day, dayOf } from '../time.ts'
import type { Draft } from './draft.ts'
import { noteGranted } from './note-day.ts'

/** A record first witnessed at `at`, worth `worth` XP without caps, which counts for `current` XP so far. */
export type Earning = { collection: Nsid; worth: number; current: number } & Pick<
  RecordState,
  'at' | 'claimed'
>

/** The XP that a record counts for from now on, under a daily `cap` (`undefined`: none). Notes the grant in `change`. */
export function earn(draft: Draft, change: ActorChange, cap: number | undefined, earning: Earning): number {
  const { collection, at, worth, current, claimed } = earning
  // What a fetched repository brought was not witnessed on any day, and takes no part of a cap.
  if (cap === undefined || claimed !== undefined) return worth
  const day = dayOf(at)
  const before = draft.granted(change.actor.did, day)
  const granted = grantable(worth - current, cap, before.get(collection))
  if (granted > 0) noteGranted(change, day, withGrant(before, collection, granted))
  return current + granted
}

/** The XP that a record counts for, and what it is worth without caps; see `apportion`. */
export type Share = { xp: number; worth: number; reason: string }

/**
 * Awards one person's `records`, in the order of their first witness, as if `rules` had been in force from the start.
 * Deleted records take their share of a cap, too: deleting must not give room for others.
 */
export function apportion(
  rules: Rulebook,
  records: readonly [Pick<RecordId, 'collection'>, Pick<RecordState, 'at' | 'facts' | 'claimed'>][],
) {
  const granted = new Map<Day, Granted>()
  const shares = records.map(([{ collection }, { at, facts, claimed }]): Share => {
    const { reason, xp: worth } = rules.award(collection, facts)
    const cap = claimed === undefined ? rules.caps[collection] : undefined
    if (cap === undefined) return { xp: worth, worth, reason }
    const day = dayOf(at)
    const before = granted.get(day) ?? new Map<Nsid, number>()
    const xp = grantable(worth, cap, before.get(collection))
    if (xp > 0) granted.set(day, withGrant(before, collection, xp))
    return { xp, worth, reason }
  })
  return { shares, granted }
}

/** How much of `wanted` XP fits under `cap`; a negative amount, a loss, always does. */
function grantable(wanted: number, cap: number, already = 0): number {
  return Math.min(wanted, Math.max(0, cap - already))
}

function withGrant(before: Granted, collection: Nsid, xp: number): Granted {
  return new Map(before).set(collection, (before.get(collection) ?? 0) + xp)
}
