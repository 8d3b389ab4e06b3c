import type { Count, Mutation } from '../rows/mutations.ts'
import type { ShardTotals } from '../shards/shard-totals.ts'

/** What a batch is to write to one shard, while it is put together. */
export type BatchPlan = {
  totals: ShardTotals
  mutations: Mutation[]
  counts: Count[]
  /** The time under which the batch is written. */
  time: number
  /** Somebody is forgotten by it: no batch of before may tell of them any more. */
  forgets: boolean
}
