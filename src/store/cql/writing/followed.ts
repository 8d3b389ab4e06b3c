import type { Followed } from '../../../game/followed.ts'
import type { Meta } from '../rows/meta.ts'
import type { OwnedShard } from '../shards/shard.ts'
import type { ShardAssignment } from '../shards/shard-assignment.ts'

/** Whom the shards follow. Each shard remembers for itself, since its owner of the time looked through its people. */
export class FollowedByShard {
  readonly #meta: Meta
  readonly #assignment: Pick<ShardAssignment, 'owned'>
  /** The shards that `all` has told of, each under the lease of that moment. */
  #told: ReadonlyMap<number, OwnedShard> | undefined

  constructor(meta: Meta, assignment: Pick<ShardAssignment, 'owned'>) {
    this.#meta = meta
    this.#assignment = assignment
  }

  /** What this worker's shards remember, each value once. */
  async all(): Promise<(Followed | undefined)[]> {
    this.#told = new Map(this.#assignment.owned)
    const all = await Promise.all([...this.#assignment.owned.keys()].map((shard) => this.#of(shard)))
    return [...new Set(all)].map((json) => (json === undefined ? undefined : (JSON.parse(json) as Followed)))
  }

  /**
   * The shards that `all` has told of and that remember `before`; without those that were away meanwhile, even if they have come
   * back: their people were skipped, too.
   */
  async having(before: Followed | undefined): Promise<OwnedShard[]> {
    const former = before === undefined ? undefined : JSON.stringify(before)
    const found = await Promise.all(
      [...this.#assignment.owned].map(async ([shard, owned]) => {
        if (owned.lost || (this.#told !== undefined && this.#told.get(shard) !== owned)) return []
        return (await this.#of(shard)) === former ? [owned] : []
      }),
    )
    return found.flat()
  }

  /** Replaces `before` by `now` in these shards. */
  async replace(before: Followed | undefined, now: Followed): Promise<void> {
    const shards = await this.having(before)
    await Promise.all(shards.map(({ shard }) => this.#meta.set(nameOf(shard), JSON.stringify(now))))
  }

  #of(shard: number): Promise<string | undefined> {
    return this.#meta.get(nameOf(shard))
  }
}

function nameOf(shard: number): string {
  return `followed:${shard}`
}
