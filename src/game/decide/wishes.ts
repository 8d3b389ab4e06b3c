import type { Did } from '@atcute/lexicons/syntax'
import type { Follow, Wish } from '../operation.ts'
import { type ActorState, isImportable, type Outcome } from '../state.ts'
import { type Draft, latest } from './draft.ts'
import { eraseMentions, purge } from './purge.ts'

/**
 * Removes everything about a person, other people's mentions included. Replays and new records are ignored from now on. A wish
 * of the person's own to hide or leave holds beyond that: they did not take it back.
 */
export function decideForget(draft: Draft, { did, wish }: Wish & { kind: 'forget' }): Outcome {
  draft.changes.fulfilled.push(wish)
  erase(draft, did).forgotten = true
  return 'applied'
}

/** Counts the person's records from now on; those from before the wish stay forgotten. */
export function decideUnforget(draft: Draft, { did, wish, floor }: Wish & { kind: 'unforget' }): Outcome {
  draft.changes.fulfilled.push(wish)
  if (!draft.actor(did)?.forgotten) return 'stale'
  const { actor } = draft.change(did)
  actor.forgotten = false
  actor.floor = latest(actor.floor, floor)
  return 'applied'
}

/** Shows the person nowhere from now on, whatever the stream or the AppView says. Their records go on counting. */
export function decideHide(draft: Draft, { did, wish }: Wish & { kind: 'hide' }): Outcome {
  draft.changes.fulfilled.push(wish)
  if (draft.actor(did)?.hidden) return 'repeated'
  draft.change(did).actor.hidden = true
  return 'applied'
}

/** Removes as much as `decideForget` does. The person themselves may take it back. */
export function decideLeave(draft: Draft, { did, wish }: Wish & { kind: 'leave' }): Outcome {
  draft.changes.fulfilled.push(wish)
  Object.assign(erase(draft, did), { left: true, hidden: false })
  return 'applied'
}

/**
 * Takes the person's own wishes back: what was hidden is shown again at once; after `leave` their records count from now on,
 * and those from before stay deleted. What the operator was asked to forget stays forgotten.
 */
export function decideReturn(draft: Draft, { did, wish, floor }: Wish & { kind: 'return' }): Outcome {
  draft.changes.fulfilled.push(wish)
  const before = draft.actor(did)
  if (!before?.hidden && !before?.left) return 'stale'
  const { actor } = draft.change(did)
  if (actor.left) actor.floor = latest(actor.floor, floor)
  Object.assign(actor, { hidden: false, left: false })
  return 'applied'
}

/** A reader looked at a character whose profile is missing or old: asks for it at once, whatever pause is left. */
export function decideLookUp(draft: Draft, { did, wish }: Wish & { kind: 'look-up' }): Outcome {
  draft.changes.fulfilled.push(wish)
  if (!draft.actor(did)?.born) return 'stale'
  draft.ask(draft.change(did), { kind: 'profile', did, ifOpen: 'restart' })
  return 'applied'
}

/** Somebody asks for a person's history: it is fetched, where it may be. One that is under way serves those who ask meanwhile. */
export function decideImportWish(draft: Draft, { did, wish }: Wish & { kind: 'import' }): Outcome {
  draft.changes.fulfilled.push(wish)
  const actor = draft.actor(did)
  if (actor !== undefined && !isImportable(actor)) return 'stale'
  draft.ask(draft.change(did), { kind: 'import', did, ifOpen: 'keep' })
  return 'applied'
}

/** What has been imported so far stays. */
export function decideCancelImport(
  draft: Draft,
  { did, wish, question }: Wish & { kind: 'cancel-import' },
): Outcome {
  draft.changes.fulfilled.push(wish)
  if (question === undefined) return 'stale'
  draft.change(did).answered.push(question)
  return 'applied'
}

/** Hides people who are not followed any more, since we would not hear of their leaving. Their ledger stays. */
export function decideFollow(draft: Draft, { did, followed }: Follow): Outcome {
  const actor = draft.actor(did)
  if (actor === undefined || actor.unfollowed !== followed) return 'repeated'
  draft.change(did).actor.unfollowed = !followed
  return 'applied'
}

/** Has everything about a person removed, also from other people's records. @returns what stays, to be changed further */
function erase(draft: Draft, did: Did): ActorState {
  const change = draft.change(did)
  purge(change)
  eraseMentions(draft.changes, did)
  change.erase = true
  return Object.assign(change.actor, { profileRev: undefined, optedOut: false, introduced: false })
}
