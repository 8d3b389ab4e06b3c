import type { AccountEvent, Handle, IdentityEvent, Micros, SyncEvent } from '../../atproto/event.ts'
import { isErased, type Outcome } from '../state.ts'
import type { Draft } from './draft.ts'
import { purge } from './purge.ts'

/** A handle may have changed: drops the stored profile and asks for it again. Ignores a repeated event. */
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
 * An account's status changed. Any status but `active` hides the person while their ledger goes on; only `deleted` purges.
 * A replay may bring an old status again, so one that is older than the stored one is ignored. Some servers' clocks stand
 * still for a second or more; of several statuses with one time, the last in the stream wins. A replay brings these in the
 * same order and ends with the same one. A deletion among them purged the first time (`purgedTime`) and does not purge
 * again, for that would remove what the person did after it.
 */
export function decideAccount(draft: Draft, { did, status, time }: AccountEvent): Outcome {
  const actor = draft.actor(did)
  // No news of somebody who has done nothing and was never away. The store may have a row of them or not: others name them.
  if (status === 'active' && !actor?.born && !actor?.statusTime) return 'unfollowed'
  if (actor !== undefined && time < actor.statusTime) return 'repeated'
  if (actor?.status === status && time === actor.statusTime) return 'repeated'
  const change = draft.change(did)
  change.actor.status = status
  change.actor.statusTime = time
  if (status === 'deleted' && isAfter(time, change.actor.purgedTime)) {
    change.actor.purgedTime = time
    if (!isErased(change.actor)) purge(change)
  }
  if (status === 'active') draft.ask(change, { kind: 'repository', did, ifOpen: 'wake' })
  // An AppView does not know an inactive account, so its profile question may have been given up meanwhile.
  const waits = change.actor.born && !change.actor.introduced
  if (status === 'active' && waits) draft.ask(change, { kind: 'profile', did, ifOpen: 'restart' })
  return 'applied'
}

/**
 * The repository was replaced. Its present records arrive as creates of its head revision, and nothing marks their end;
 * so the repository has to be fetched to learn which of our records are gone.
 */
export function decideSync(draft: Draft, { did, rev }: SyncEvent): Outcome {
  const actor = draft.actor(did)
  if (!actor?.born) return 'unfollowed'
  if (actor.floor !== undefined && rev <= actor.floor) return 'repeated'
  if (actor.head !== undefined && rev <= actor.head) return 'repeated'
  draft.ask(draft.change(did), { kind: 'repository', did, ifOpen: 'follow' })
  return 'applied'
}

function isAfter(time: Micros, other: Micros | undefined): boolean {
  return other === undefined || time > other
}
