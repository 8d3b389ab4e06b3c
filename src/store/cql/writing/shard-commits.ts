// Commits batches to the shards that this worker owns, and follows where in the stream that leaves them.
import type { Cursor } from '../../../atproto/event.ts'
import { LeaseLostError } from '../shards/leases.ts'
import type { OwnedShard, Planned } from '../shards/shard.ts'
import type { ShardAssignment } from '../shards/shard-assignment.ts'
import { isCovered, leastOf } from '../shards/stream-place.ts'
import { type BatchPlan, type CommitPlan, plannedOf } from './batch-plan.ts'
import type { Counters } from './counters.ts'
import type { People } from './people.ts'

export type ShardCommitsOptions = {
  assignment: Pick<ShardAssignment, 'owned'>
  people: People
  counters: Counters
  /** Whether other workers write beside this one. */
  shares: boolean
}

/** Whether a shard takes part in a commit. */
export type Takes = (owned: OwnedShard) => boolean

const NOTHING: Planned = { mutations: [], forgets: false }

export class ShardCommits {
  readonly #options: ShardCommitsOptions
  /** What a shard without a cursor has been promised: everything after this. */
  #beginning: Cursor | undefined
  /** The cursor of the last commit: the next delivery of the stream begins there. `undefined`: nobody knows where. */
  #reached: Cursor | undefined
  /** Whether the next delivery is the first one of the whole ledger, after `#beginning`. */
  #isFirst = false

  constructor(options: ShardCommitsOptions) {
    this.#options = options
  }

  /** The cursor at which the stream begins anew: that of the shard that is furthest back. */
  restart(beginning: Cursor | undefined): Cursor | undefined {
    this.#beginning = beginning
    this.#reached = leastOf(this.#owned().map((owned) => this.#placeOf(owned)))
    this.#isFirst = false
    return this.#reached
  }

  /**
   * Notes that a stream has begun at the live tip, for want of a cursor, and that the whole ledger begins at `beginning`. The
   * `cursor` right before its first delivery is a time by this worker's clock, maybe long before that delivery: it says where
   * the ledger begins, and never that a delivery has what a shard misses that was taken since.
   * @returns whether the stream has to begin anew, further back
   */
  begin(cursor: Cursor, beginning: Cursor): boolean {
    this.#beginning = beginning
    this.#isFirst = cursor.value === beginning.value
    const takes = this.#takers()
    return this.#owned().some((owned) => !takes(owned))
  }

  /**
   * Which shards may take a delivery of the stream. A shard that was taken while the delivery waited for its turn is further
   * back: the delivery would skip what lies between, and comes again when the stream begins anew. A commit without a cursor
   * is no delivery, and concerns every shard.
   */
  takersOf(cursor: Cursor | undefined): Takes {
    return cursor === undefined ? () => true : this.#takers()
  }

  #takers(): Takes {
    const [from, isFirst] = [this.#reached, this.#isFirst]
    return (owned) => (isFirst && owned.cursor === undefined) || isCovered(this.#placeOf(owned), from)
  }

  /** Commits a delivery: its batches, and the cursor after it to every shard that takes it. */
  async deliver(plans: ReadonlyMap<OwnedShard, BatchPlan>, cursor: Cursor, takes: Takes): Promise<void> {
    const takers = this.#owned().filter(takes)
    await Promise.all(takers.map((owned) => this.#commit(owned, plans.get(owned), cursor)))
    this.#reached = cursor
    this.#isFirst = false
  }

  /** Commits batches that are no delivery of the stream. */
  async commit(plans: ReadonlyMap<OwnedShard, BatchPlan>): Promise<void> {
    await Promise.all([...plans].map(([owned, plan]) => this.commitOne(owned, plan)))
  }

  /** Commits one such batch. */
  readonly commitOne: CommitPlan = (owned, plan) => this.#commit(owned, plan, undefined)

  #owned(): OwnedShard[] {
    return [...this.#options.assignment.owned.values()]
  }

  #placeOf({ cursor }: OwnedShard): Cursor | undefined {
    return cursor ?? this.#beginning
  }

  /** Where a shard's lease is lost, its plan is dropped: the stream delivers the same to its new owner. */
  async #commit(owned: OwnedShard, plan: BatchPlan | undefined, cursor: Cursor | undefined): Promise<void> {
    const { assignment, people, counters, shares } = this.#options
    try {
      await owned.commit(plan === undefined ? NOTHING : plannedOf(plan), cursor)
      if (plan === undefined) return
      counters.add(plan.counts)
      for (const [did, character] of plan.changed) people.cache(did, character)
    } catch (error) {
      // A command that owns all shards has no other worker to do the same later.
      if (!(error instanceof LeaseLostError) || !shares) throw error
      if (assignment.owned.get(owned.shard) === owned) assignment.owned.delete(owned.shard)
      owned.drop()
      people.forget()
    }
  }
}
