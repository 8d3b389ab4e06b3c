import type { Did } from '../../../atproto/event.ts'
import { characterMutation, type StoredCharacter } from '../rows/character-row.ts'
import type { Count, Mutation } from '../rows/mutations.ts'
import type { OwnedShard, Planned } from '../shards/shard.ts'
import type { ShardTotals } from '../shards/shard-totals.ts'

/** A batch for one shard, while it is put together. */
export type BatchPlan = {
  totals: ShardTotals
  /** All rows but those of people. */
  mutations: Mutation[]
  /** The people whose rows the batch writes, as they are after it. They are cached once it is committed. */
  changed: Map<Did, StoredCharacter>
  counts: Count[]
  /** The time under which the batch is written. */
  time: number
  /** The batch forgets somebody: earlier batches, which may name them, have to leave the journal. */
  forgets: boolean
}

/** Commits a batch to one shard. Resolves as well where the shard's lease is lost: then nothing of the batch counts. */
export type CommitPlan = (owned: OwnedShard, plan: BatchPlan) => Promise<void>

/** An empty plan for the next batch of `owned`. */
export function planFor({ totals, nextTime }: OwnedShard): BatchPlan {
  return { totals, mutations: [], changed: new Map(), counts: [], time: nextTime, forgets: false }
}

/** The batch as its shard commits it. Each person's row is written once: of two values at one time, servers keep the greater. */
export function plannedOf({ mutations, changed, time, forgets }: BatchPlan): Planned {
  const people = [...changed.values()].map((character) => characterMutation(character, time))
  return { mutations: [...mutations, ...people], forgets }
}
