// Finds dead owners by this machine's clock alone: their rows stay unchanged for longer than a lease.
import { LEASE_MS, markOf, type ShardRow } from './leases.ts'

/** A little more than a lease: a renewal may be on its way. */
const STILL_MS = LEASE_MS + 1_000

type Sight = { mark: string; sinceMs: number }

/** Shards whose rows changed since the last look, and those whose rows have not changed for longer than a lease. */
export type Sighting = { moved: ReadonlySet<number>; still: ReadonlySet<number> }

export class Standstill {
  readonly #seen = new Map<number, Sight>()

  /**
   * Compares rows with how they were seen before. A row counts as unchanged from the arrival of the first answer with it to
   * the sending of the last request: this process may have been paused before an answer arrived, and the owner alive.
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
