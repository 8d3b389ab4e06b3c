import type { Did } from '@atcute/lexicons/syntax'
import type { Micros } from '../../atproto/event.ts'
import type { RecordId } from '../../atproto/uri.ts'
import { BASELINE } from '../baseline.ts'
import type { Move, Recompute } from '../operation.ts'
import type { Outcome, RecordState } from '../state.ts'
import { apportion, type Share } from './caps.ts'
import type { Draft } from './draft.ts'
import { recountDays } from './recount-days.ts'

/** Awards all of a person's records again by the present rules, and says anew what the person has on all boards. */
export function decideRecompute(draft: Draft, { did, at }: Recompute): Outcome {
  const outcome = judgeAll(draft, did, at)
  draft.placeAnew(did)
  return outcome
}

/** Has the newest rules award a person, beginning with the records that `scope` names. */
export function decideMove(draft: Draft, { did, at, scope }: Move): Outcome {
  draft.move(did)
  // Also where no record changes: the store notes who has been moved.
  draft.change(did)
  return scope === 'whole' ? judgeAll(draft, did, at) : judgePart(draft, did, at)
}

/**
 * Awards all of a person's records again, as if the present rules had been in force from the start; see `apportion`. A
 * baseline stays as it is.
 */
function judgeAll(draft: Draft, did: Did, at: Micros): Outcome {
  const rules = draft.rulesOf(did)
  const records = [...draft.records(did)].filter(([id]) => id.collection !== BASELINE).sort(byWitness)
  const inOrder = records.map(([{ collection }, { at, facts, claimed }]) => ({
    collection,
    at,
    facts,
    claimed,
  }))
  const { shares, granted } = apportion(rules, inOrder)
  let outcome: Outcome = 'repeated'
  for (const [index, [id, state]] of records.entries()) {
    const { xp, worth, reason } = shares[index] as Share
    const capped = xp < worth
    if (!state.live || (xp === state.xp && capped === state.capped)) continue
    const change = draft.change(did)
    draft.put(change, id, { ...state, xp, capped })
    if (xp !== state.xp) draft.enter(change, id, { at, cause: 'recompute', reason, delta: xp - state.xp })
    outcome = 'applied'
  }
  draft.replaceGranted(did, granted)
  recountDays(rules, draft, did)
  return outcome
}

/** Awards a part of a person's records again, of collections without caps: each by itself. */
function judgePart(draft: Draft, did: Did, at: Micros): Outcome {
  const rules = draft.rulesOf(did)
  let outcome: Outcome = 'repeated'
  for (const [id, state] of draft.part(did)) {
    if (!state.live) continue
    const { reason, xp } = rules.award(id.collection, state.facts)
    if (xp === state.xp) continue
    const change = draft.change(did)
    draft.put(change, id, { ...state, xp, capped: false })
    draft.enter(change, id, { at, cause: 'recompute', reason, delta: xp - state.xp })
    outcome = 'applied'
  }
  return outcome
}

/** By first witness; within one second by key, since most keys are times. No two records compare equal. */
function byWitness(
  [a, { at: first }]: [RecordId, RecordState],
  [b, { at: second }]: [RecordId, RecordState],
): number {
  if (first !== second) return first - second
  const [path, other] = [`${a.rkey}/${a.collection}`, `${b.rkey}/${b.collection}`]
  return path < other ? -1 : 1
}
