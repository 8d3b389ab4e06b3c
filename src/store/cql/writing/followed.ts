import type { Followed } from '../../../game/followed.ts'
import type { Meta } from '../rows/meta.ts'
import type { ShardAssignment } from '../shards/shard-assignment.ts'

/** Whom the shards follow. Each shard remembers for itself, since its owner of the time looked through its people. */
export class FollowedByShard {
  readonly #meta: Meta
  readonly #assignment: Pick<ShardAssignment, 'owned'>

  constructor(meta: Meta, assignment: Pick<ShardAssignment, 'owned'>) {
    this.#meta = meta
    this.#assignment = assignment
  }

  /** What this worker's shards remember, each value once. */
  async all(): Promise<(Followed | undefined)[]> {
    const all = await Promise.all([...this.#assignment.owned.keys()].map((shard) => this.#of(shard)))
    return [...new Set(all)].map((json) => (json === undefined ? undefined : (JSON.parse(json) as Followed)))
  }

  /** Replaces `before` by `now` in this worker's shards; skips those that remember something else. */
  async replace(before: Followed | undefined, now: Followed): Promise<void> {
    const former = before === undefined ? undefined : JSON.stringify(before)
    await Promise.all(
      [...this.#assignment.owned.keys()].map(async (shard) => {
        if ((await this.#of(shard)) !== former) return
        await this.#meta.set(nameOf(shard), JSON.stringify(now))
      }),
    )
  }

  #of(shard: number): Promise<string | undefined> {
    return this.#meta.get(nameOf(shard))
  }
}

function nameOf(shard: number): string {
  return `followed:${shard}`
}
