import type { Did } from '@atcute/lexicons/syntax'
import type { Micros } from '../../atproto/event.ts'
import type { RecordId } from '../../atproto/uri.ts'
import { BASELINE } from '../baseline.ts'
import type { Move, Recompute } from '../operation.ts'
import type { Granted, Outcome, RecordState } from '../state.ts'
import { ALL_DAYS, type Day } from '../time.ts'
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
  if (scope === 'whole') return judgeAll(draft, did, at)
  return scope.by === 'key' ? judgePart(draft, did, at) : judgeDays(draft, { did, at, limit: scope.limit })
}

/**
 * Awards all of a person's records again, as if the present rules had been in force from the start; see `apportion`. A
 * baseline stays as it is.
 */
function judgeAll(draft: Draft, did: Did, at: Micros): Outcome {
  const records = [...draft.records(did)].filter(([id]) => id.collection !== BASELINE)
  const { changed, granted } = judge(draft, did, records)
  for (const judged of changed) award(draft, judged, at)
  draft.replaceGranted(did, granted, ALL_DAYS)
  recountDays(draft.rulesOf(did), draft, did)
  return changed.length > 0 ? 'applied' : 'repeated'
}

/**
 * Does that for whole days, of which at most `limit` records are changed. The grants of those days follow with the last of
 * them: until then the part is the same again, and what was changed already stays as it is.
 */
function judgeDays(draft: Draft, { did, at, limit }: { did: Did; at: Micros; limit: number }): Outcome {
  const { changed, granted } = judge(draft, did, draft.part(did))
  for (const judged of changed.slice(0, limit)) award(draft, judged, at)
  const days = draft.daysOfPart(did)
  if (isWholePart(changed.length, limit) && days !== undefined) draft.replaceGranted(did, granted, days)
  return changed.length > 0 ? 'applied' : 'repeated'
}

/**
 * Whether a step that may change `limit` records has judged its part to the end. One that changed as many as it may has
 * perhaps left some, which only the next one can tell.
 */
export function isWholePart(changed: number, limit: number): boolean {
  return changed < limit
}

/** A record that is to count for `share`, and counts otherwise. */
type Judged = { id: RecordId; state: RecordState; share: Share }

/** Says which of `records` count otherwise than they should, in the order of their first witness. */
function judge(
  draft: Draft,
  did: Did,
  records: [RecordId, RecordState][],
): { changed: Judged[]; granted: ReadonlyMap<Day, Granted> } {
  const sorted = records.toSorted(byWitness)
  const { shares, granted } = apportion(draft.rulesOf(did), sorted)
  const changed: Judged[] = []
  for (const [index, [id, state]] of sorted.entries()) {
    const share = shares[index] as Share
    const isRight = share.xp === state.xp && share.xp < share.worth === state.capped
    if (state.live && !isRight) changed.push({ id, state, share })
  }
  return { changed, granted }
}

function award(draft: Draft, { id, state, share: { xp, worth, reason } }: Judged, at: Micros): void {
  const change = draft.change(id.did)
  draft.put(change, id, { ...state, xp, capped: xp < worth })
  if (xp !== state.xp) draft.enter(change, id, { at, cause: 'recompute', reason, delta: xp - state.xp })
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
