// Divides the game's decisions among the shards that they concern: one batch for each.
import type { Did } from '../../../atproto/event.ts'
import type { Changes } from '../../../game/state.ts'
import type { Session } from '../driver/session.ts'
import { type Note, takeOut, wishPlace } from '../inbox.ts'
import { nobody, type StoredCharacter } from '../rows/character-row.ts'
import { isLook } from '../rows/looks.ts'
import type { OwnedShard } from '../shards/shard.ts'
import type { ShardAssignment } from '../shards/shard-assignment.ts'
import { type BatchPlan, planFor } from './batch-plan.ts'
import { type HandleParts, planHandle } from './handles.ts'
import type { InboxWork } from './inbox-work.ts'
import type { Loaded } from './people.ts'
import { planActor } from './plan.ts'
import type { Takes } from './shard-commits.ts'
import { tracesOf } from './traces.ts'

export type BatchParts = {
  session: Session
  assignment: ShardAssignment
  handles: HandleParts
  inboxWork: Pick<InboxWork, 'leave'>
  /** The version of the rules that awards a person, as they were before the batch. */
  versionOf: (did: Did, character: StoredCharacter | undefined) => number
}

export type Batches = {
  plans: Map<OwnedShard, BatchPlan>
  /** Notes that the batches leave in inboxes, of this worker and of others. */
  notes: Note[]
  /** Number of events that the batches enter. */
  events: number
}

/** @param loaded the state from which the game decided */
export async function planBatches(
  { session, assignment, handles, inboxWork, versionOf }: BatchParts,
  changes: Changes,
  { loaded, takes }: { loaded: Loaded | undefined; takes: Takes },
): Promise<Batches> {
  const batches: Batches = { plans: new Map(), notes: [], events: 0 }
  const planOf = (owned: OwnedShard): BatchPlan =>
    batches.plans.getOrInsertComputed(owned, () => planFor(owned))
  for (const [did, change] of changes.actors) {
    const owned = assignment.ownedOf(did)
    if (owned === undefined || !takes(owned)) continue
    const plan = planOf(owned)
    const character = loaded?.character(did) ?? nobody(did)
    const records = loaded?.records.get(did) ?? new Map()
    planActor(plan, change, { character, records, rules: versionOf(did, loaded?.character(did)) })
    const left: Note[] = []
    if (change.profile !== undefined || change.purge) {
      const profile = change.profile ?? undefined
      const planned = await planHandle(handles, did, { former: character.profile, profile })
      plan.mutations.push(...planned.mutations)
      left.push(...planned.notes)
    }
    if (change.purge) plan.mutations.push(...(await tracesOf(session, owned.shard, character)))
    if (change.erase) {
      left.push({ kind: 'unname-all', did, bucket: 0 })
      plan.forgets = true
    }
    // In the batch that is the reason for them: one that follows may be refused.
    plan.mutations.push(...left.map((note) => inboxWork.leave(note)))
    batches.notes.push(...left)
    batches.events += change.events.length
  }
  for (const wish of changes.fulfilled) {
    if (isLook(wish)) continue
    const place = wishPlace(wish)
    const owned = assignment.owned.get(place.shard)
    if (owned !== undefined) planOf(owned).mutations.push(takeOut(place))
  }
  return batches
}
