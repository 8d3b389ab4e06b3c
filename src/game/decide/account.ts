import type { AccountEvent, Handle, IdentityEvent, Micros, SyncEvent } from '../../atproto/event.ts'
import type { Outcome } from '../state.ts'
import type { Draft } from './draft.ts'

/** The person may be called something else now: the profile goes, and is asked for anew. A repetition is no news. */
export function decideIdentity(draft: Draft, { did, at, handle }: IdentityEvent): Outcome {
  const actor = draft.actor(did)
  if (!actor?.born) return 'unfollowed'
  if (at <= actor.namedAt) return 'repeated'
  const change = draft.change(did)
  change.actor.namedAt = at
  const name = handle?.toLowerCase() as Handle | undefined
  change.actor.handle = name === 'handle.invalid' ? undefined : name
  change.profile = null
  draft.ask(change, { kind: 'profile', did, ifOpen: 'restart' })
  return 'applied'
}

/**
 * An account's standing changed. Not being active only hides, and the ledger goes on; `deleted` alone purges. A replay
 * may bring an old status again, so what is older than the one we hold is ignored. Clocks of some servers stand still
 * for a second or more: of several statuses with one time the last in the stream holds. A replay brings those again in
 * the same order and ends with the same one, whatever its host says of when it witnessed them; a deletion among them has
 * purged already, and must not take what came after it.
 */
export function decideAccount(draft: Draft, { did, status, time }: AccountEvent): Outcome {
  const actor = draft.actor(did)
  if (actor === undefined && status === 'active') return 'unfollowed'
  if (actor !== undefined && time < actor.statusTime) return 'repeated'
  if (actor?.status === status && time === actor.statusTime) return 'repeated'
  const change = draft.change(did)
  change.actor.status = status
  change.actor.statusTime = time
  if (status === 'deleted' && isAfter(time, change.actor.purgedTime)) {
    change.actor.purgedTime = time
    if (!change.actor.forgotten) draft.purge(change)
  }
  if (status === 'active') draft.ask(change, { kind: 'repository', did, ifOpen: 'wake' })
  // Nobody introduces an account that is away.
  const waits = change.actor.born && !change.actor.introduced
  if (status === 'active' && waits) draft.ask(change, { kind: 'profile', did, ifOpen: 'restart' })
  return 'applied'
}

/**
 * The repository was replaced. What it holds now arrives as creates of its head revision and nothing marks their end;
 * only the repository itself tells what it no longer holds.
 */
export function decideSync(draft: Draft, { did, rev }: SyncEvent): Outcome {
  const actor = draft.actor(did)
  if (!actor?.born) return 'unfollowed'
  if (actor.floor !== undefined && rev <= actor.floor) return 'repeated'
  draft.ask(draft.change(did), { kind: 'repository', did, ifOpen: 'follow' })
  return 'applied'
}

function isAfter(time: Micros, other: Micros | undefined): boolean {
  return other === undefined || time > other
}
