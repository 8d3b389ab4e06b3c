import type { Nsid } from '@atcute/lexicons/syntax'
import type { Micros } from '../../atproto/event.ts'
import type { ActorState } from '../state.ts'

const DAY: Micros = 86_400_000_000

/**
 * What a record worth `worth` XP counts for when its collection may bring at most `cap` XP a UTC day, and `held` XP of
 * it are counted already. What is earned is noted on `actor`. Losing XP gives no room back: to delete and post again
 * must not pay.
 */
export function earn(
  actor: ActorState,
  cap: number | undefined,
  { collection, at, worth, held }: { collection: Nsid; at: Micros; worth: number; held: number },
): number {
  if (cap === undefined || worth <= held) return worth
  const day = Math.floor(at / DAY)
  const earned = actor.capped?.day === day ? actor.capped.earned : new Map<Nsid, number>()
  const already = earned.get(collection) ?? 0
  const granted = Math.min(worth - held, Math.max(0, cap - already))
  actor.capped = { day, earned: new Map(earned).set(collection, already + granted) }
  return held + granted
}
