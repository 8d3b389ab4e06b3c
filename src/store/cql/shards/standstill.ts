// Whether an owner lives, seen by nothing but a clock of one's own: its row stays as it is for longer than a lease.
import { LEASE_MS, markOf, type ShardRow } from './leases.ts'

/** A little more than a lease: a renewal may be on its way. */
const STILL_MS = LEASE_MS + 1_000

type Sight = { mark: string; sinceMs: number }

/** Shards whose owners show that they live, and those whose owners have not for longer than a lease. */
export type Sighting = { moved: ReadonlySet<number>; still: ReadonlySet<number> }

export class Standstill {
  readonly #seen = new Map<number, Sight>()

  /**
   * Compares rows with how they were seen before. A row is known to have stayed as it is from when an answer with it arrived
   * until the request for another with the same was sent: this process may itself have been paused in between.
   */
  look(rows: readonly ShardRow[], { sentMs, arrivedMs }: { sentMs: number; arrivedMs: number }): Sighting {
    const moved = new Set<number>()
    const still = new Set<number>()
    for (const row of rows) {
      const mark = markOf(row)
      const sight = this.#seen.get(row.shard)
      if (sight?.mark === mark) {
        if (sentMs - sight.sinceMs >= STILL_MS) still.add(row.shard)
        continue
      }
      if (sight !== undefined) moved.add(row.shard)
      this.#seen.set(row.shard, { mark, sinceMs: arrivedMs })
    }
    return { moved, still }
  }
}
