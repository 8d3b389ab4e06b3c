import type { Count, Mutation } from '../rows/mutations.ts'
import type { OwnedShard } from '../shards/shard.ts'
import type { ShardTotals } from '../shards/shard-totals.ts'

/** A batch for one shard, while it is put together. */
export type BatchPlan = {
  totals: ShardTotals
  mutations: Mutation[]
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
  return { totals, mutations: [], counts: [], time: nextTime, forgets: false }
}
