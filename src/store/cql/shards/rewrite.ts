import type { Session } from '../driver/session.ts'
import { completed } from '../rows/mutations.ts'
import { writeMutations } from '../rows/requests.ts'
import { type KeptBatch, keptBefore, type ReadPages, recall, timesOf } from './journal.ts'
import type { ShardRow } from './leases.ts'

/**
 * Batches that a new owner writes again. Servers confirm writes before they are on their disks, and lose those of the last
 * ten seconds where several lose power at once; while little happens, a batch is committed every second.
 */
const REWRITTEN = 16

/**
 * Writes the rows of a shard's last batches again, oldest first: a former owner may have died between committing a batch and
 * writing its rows.
 * @throws {BatchMissingError} where the journal does not have the very last one
 */
export async function rewriteLast(session: Session, row: ShardRow): Promise<void> {
  const { shard, seq, chunks } = row
  const read: ReadPages = (query, params, pageRows) => session.pagesForDecision(query, params, pageRows)
  // After a rollback, the row names no batch.
  const last = chunks === 0 ? [] : [{ seq, ...(await recall(read, row)) }]
  const before: KeptBatch[] = []
  for await (const batch of keptBefore(read, { shard, seq, count: REWRITTEN - 1 })) before.push(batch)
  for (const { epoch, seq, mutations } of [...before.reverse(), ...last]) {
    // Under the times that its own owner used and may still be using: the same rows at the same times are the same.
    await writeMutations(session, mutations.map(completed), timesOf(epoch, seq))
  }
}
