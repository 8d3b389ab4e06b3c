// Caps are counted over the ledger: for each person, collection and UTC day, the XP granted to the records that were first
// witnessed on that day, whenever it was granted and by whatever. So no path leads past a cap, times that go back over
// midnight included, and no day begins anew. Losing XP gives no room back: to delete and post again must not pay.
import type { Nsid } from '@atcute/lexicons/syntax'
import type { Rulebook } from '../rulebook.ts'
import type { ActorChange, Granted, RecordState } from '../state.ts'
import type { Seconds } from '../time.ts'
import { type Day, dayOf } from '../time.ts'
import type { Draft } from './draft.ts'

/** A record that is to be worth `worth` XP and counts for `held` XP so far; `at` is its first witness. */
export type Earning = { collection: Nsid; at: Seconds; worth: number; held: number }

/** What a record counts for when its collection may bring at most `cap` XP a day; what is granted is noted in `change`. */
export function earn(draft: Draft, change: ActorChange, cap: number | undefined, earning: Earning): number {
  const { collection, at, worth, held } = earning
  if (cap === undefined) return worth
  const day = dayOf(at)
  const before = draft.granted(change.actor.did, day)
  const granted = roomFor(worth - held, cap, before.get(collection))
  if (granted > 0) change.granted.set(day, granting(before, collection, granted))
  return held + granted
}

/** What a record counts for, out of what it is worth without caps; see `apportion`. */
export type Share = { xp: number; worth: number; reason: string }

/**
 * What each of `records`, which are in the order of their first witness, counts for by `rules`, and what caps have granted
 * then: as if these rules had been in force when the records came, each as it is kept. Those that have been deleted had
 * their part, which nobody else gets.
 */
export function apportion(
  rules: Rulebook,
  records: readonly (Pick<RecordState, 'at' | 'facts'> & { collection: Nsid })[],
) {
  const granted = new Map<Day, Granted>()
  const shares = records.map(({ collection, at, facts }): Share => {
    const { reason, xp: worth } = rules.award(collection, facts)
    const cap = rules.caps[collection]
    if (cap === undefined) return { xp: worth, worth, reason }
    const day = dayOf(at)
    const before = granted.get(day) ?? new Map<Nsid, number>()
    const xp = roomFor(worth, cap, before.get(collection))
    if (xp > 0) granted.set(day, granting(before, collection, xp))
    return { xp, worth, reason }
  })
  return { shares, granted }
}

/** How much of what is wanted is granted; what is to be lost is lost. */
function roomFor(wanted: number, cap: number, already = 0): number {
  return Math.min(wanted, Math.max(0, cap - already))
}

function granting(before: Granted, collection: Nsid, xp: number): Granted {
  return new Map(before).set(collection, (before.get(collection) ?? 0) + xp)
}
