// The way out where the journal has lost the last batch of a shard for good: the shard goes back to the last batch that the
// journal has as a whole, and the stream delivers everything after it again.
import { setTimeout as sleep } from 'node:timers/promises'
import type { Cursor, Micros } from '../../../atproto/event.ts'
import { StoreBusyError, StoreError } from '../../store.ts'
import type { Session } from '../driver/session.ts'
import { numberOf } from '../driver/values.ts'
import { type Mutation, writtenRow } from '../rows/mutations.ts'
import { BatchMissingError, KEPT, keptBefore, type ReadPages, recall } from './journal.ts'
import { cursorOf, LEASE_MS, readShards, rollBackRow, type ShardRow } from './leases.ts'

/** The batch that was given up, and the cursor from which the shard goes on; `batch` `undefined`: none was left to go back to. */
export type Rollback = { lost: number; batch: number | undefined; cursor: Cursor }

export type RollbackOptions = {
  session: Session
  shard: number
  /** A clock that only goes forward, in milliseconds. */
  elapsedMs: () => number
}

const LOOK_AGAIN_MS = 500
const TOTALS = 'SELECT seq, host, wire, value, at FROM books WHERE shard = ?'
/** How far to go back by time where no earlier cursor is stored, in microseconds. */
const HOUR: Micros = 3_600_000_000
/** No host and no wire: of such a cursor the time alone is used. */
const NOWHERE = 'none'

/**
 * Gives up the last batch of `shard`. Its number is not used again, so late requests of former owners change nothing.
 * @throws {StoreBusyError} while the shard's owner lives, who has the batch in memory
 * @throws {StoreError} where the journal has the batch, or the shard has never had one
 */
export async function rollBack({ session, shard, elapsedMs }: RollbackOptions): Promise<Rollback> {
  const read: ReadPages = (query, params, pageRows) => session.pagesForDecision(query, params, pageRows)
  for (;;) {
    const row = await idleRow(session, shard, elapsedMs)
    if (row.chunks === 0) throw new StoreError(`shard ${shard} names no batch: nothing of it is missing.`)
    if (await isThere(read, row)) {
      throw new StoreError(
        `batch ${row.seq} of shard ${shard} is in the journal: nothing of it is missing, and any worker takes it.`,
      )
    }
    const { batch, cursor } = await placeBefore(session, read, row)
    if (await rollBackRow(session, row, cursor)) return { lost: row.seq, batch, cursor }
    // A worker has tried to take the shard meanwhile, which changed its epoch.
  }
}

/** Waits until the shard has no live owner, and reads its row. Workers that try to take it in vain only change the epoch. */
async function idleRow(session: Session, shard: number, elapsedMs: () => number): Promise<ShardRow> {
  const sentMs = elapsedMs()
  const first = await rowOf(session, shard)
  let row = first
  while (row.until !== 0 && row.epoch === first.epoch && elapsedMs() - sentMs <= LEASE_MS) {
    if (row.until !== first.until || row.seq !== first.seq) {
      throw new StoreBusyError(
        `shard ${shard} has an owner that lives and has the batch in memory: nothing is to be rolled back.`,
      )
    }
    await sleep(LOOK_AGAIN_MS)
    row = await rowOf(session, shard)
  }
  return row
}

async function rowOf(session: Session, shard: number): Promise<ShardRow> {
  const row = (await readShards(session)).find((each) => each.shard === shard)
  if (row === undefined) throw new StoreError(`there is no shard ${shard} that anybody has ever owned.`)
  return row
}

async function isThere(read: ReadPages, row: ShardRow): Promise<boolean> {
  try {
    await recall(read, row)
    return true
  } catch (error) {
    if (error instanceof BatchMissingError) return false
    throw error
  }
}

async function placeBefore(
  session: Session,
  read: ReadPages,
  { shard, seq, cursor }: ShardRow,
): Promise<Omit<Rollback, 'lost'>> {
  for await (const batch of keptBefore(read, { shard, seq, count: KEPT })) {
    const reached = batch.mutations.map(placeOf).find((place) => place !== undefined)
    if (reached !== undefined) return { batch: batch.seq, cursor: reached }
  }
  const [totals] = await session.readForDecision(TOTALS, [shard])
  const reached = cursorOf(totals ?? {})
  if (reached !== undefined && numberOf(totals?.seq) < seq) {
    return { batch: numberOf(totals?.seq), cursor: reached }
  }
  const at = (cursor?.at ?? 0) - HOUR
  return { batch: undefined, cursor: { host: NOWHERE, wire: NOWHERE, value: at, at } }
}

/** The cursor that a batch has stored with the shard's totals. */
function placeOf(mutation: Mutation): Cursor | undefined {
  const totals = writtenRow('books', mutation)
  return totals && cursorOf(totals)
}
