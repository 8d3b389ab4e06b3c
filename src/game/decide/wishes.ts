import { BASELINE } from '../baseline.ts'
import type { Game } from '../decide.ts'
import type { Recompute, Wish } from '../operation.ts'
import type { Outcome } from '../state.ts'
import { type Draft, latest } from './draft.ts'

/** Everything that was held of a person goes, and nothing comes back: no replay, no new record, no mention. */
export function decideForget(draft: Draft, { did, wish }: Wish & { kind: 'forget' }): Outcome {
  draft.changes.fulfilled.push(wish)
  const change = draft.change(did)
  draft.purge(change)
  change.erase = true
  change.actor.forgotten = true
  return 'applied'
}

/** The person may be seen again from now on; what was forgotten stays so. */
export function decideUnforget(draft: Draft, { did, wish, floor }: Wish & { kind: 'unforget' }): Outcome {
  draft.changes.fulfilled.push(wish)
  if (!draft.actor(did)?.forgotten) return 'stale'
  const { actor } = draft.change(did)
  actor.forgotten = false
  actor.floor = latest(actor.floor, floor)
  return 'applied'
}

/** Somebody looked at a character whose profile is missing or old. */
export function decideLookUp(draft: Draft, { did, wish }: Wish & { kind: 'look-up' }): Outcome {
  draft.changes.fulfilled.push(wish)
  if (!draft.actor(did)?.born) return 'stale'
  draft.ask(draft.change(did), { kind: 'profile', did, ifOpen: 'keep' })
  return 'applied'
}

/** Judges what is held by the rules as they are now. What a cap had cut stays as it is, and so does a baseline. */
export function decideRecompute({ rules }: Game, draft: Draft, { did, at }: Recompute): Outcome {
  let outcome: Outcome = 'repeated'
  for (const [id, state] of draft.records(did)) {
    if (!state.live || state.capped || id.collection === BASELINE) continue
    const { reason, xp } = rules.award(id.collection, state.facts)
    if (xp === state.xp) continue
    const change = draft.change(did)
    draft.put(change, id, { ...state, xp })
    draft.enter(change, id, { at, cause: 'recompute', reason, delta: xp - state.xp })
    outcome = 'applied'
  }
  return outcome
}
