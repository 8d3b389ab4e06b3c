// Who owns which shard. A shard's row in `shards` changes only on condition of its epoch, which grows with every owner:
// whoever was paused past its lease and wakes up finds that nothing it wants to commit is accepted any more. The clock
// decides only when a shard may be taken, never whose writes count.
import { setTimeout as sleep } from 'node:timers/promises'
import type { Cursor, Wire } from '../../atproto/event.ts'
import { StoreError } from '../store.ts'
import type { Row } from './paging.ts'
import { isPassing, type Session } from './session.ts'
import { numberOf } from './values.ts'

/** How long a lease lasts without being renewed, and how far clocks of different machines may differ, in milliseconds. */
export const LEASE_MS = 6_000
const SKEW_MS = 1_000
const AGAIN_MS = 100

/** A shard as its row says. */
export type ShardRow = {
  shard: number
  /** Grows with every owner. */
  epoch: number
  owner: string
  /** When the lease ends, in milliseconds of the owner's clock; 0 where it was given back. */
  until: number
  /** The newest batch that counts, and of how many blocks it is in the journal. */
  seq: number
  chunks: number
  cursor: Cursor | undefined
}

/** What is committed by naming it in the shard's row. */
export type Commit = { seq: number; chunks: number; cursor: Cursor | undefined }

/** The shard belongs to somebody else by now. */
export class LeaseLostError extends StoreError {
  override name = 'LeaseLostError'
}

const TAKE = 'UPDATE shards SET owner = ?, epoch = ?, until = ? WHERE shard = ? IF epoch = ?'
const CREATE =
  'INSERT INTO shards (shard, owner, epoch, until, seq, chunks) VALUES (?, ?, ?, ?, 0, 0) IF NOT EXISTS'
const COMMIT = 'UPDATE shards SET until = ?, seq = ?, chunks = ? WHERE shard = ? IF epoch = ?'
const COMMIT_CURSOR =
  'UPDATE shards SET until = ?, seq = ?, chunks = ?, host = ?, wire = ?, value = ?, at = ? WHERE shard = ? IF epoch = ?'
const MOVE = 'UPDATE shards SET until = ?, host = ?, wire = ?, value = ?, at = ? WHERE shard = ? IF epoch = ?'
const RENEW = 'UPDATE shards SET until = ? WHERE shard = ? IF epoch = ?'
const SELECT = 'SELECT shard, owner, epoch, until, seq, chunks, host, wire, value, at FROM shards'

/** Every shard that ever had an owner; for those who only look, see `checkShards`. */
export async function readShards(session: Session): Promise<ShardRow[]> {
  return (await session.read(SELECT, [])).map(shardRow)
}

/** The same for somebody who waits to be shown it. */
export async function checkShards(session: Session): Promise<ShardRow[]> {
  return (await session.check(SELECT, [])).map(shardRow)
}

/** True once its owner has given it back, or not renewed it for so long that it must be gone. */
export function isFree({ until }: ShardRow, nowMs: number): boolean {
  return until === 0 || nowMs > until + SKEW_MS
}

/**
 * Takes `shard` over from whoever `seen` says.
 * @returns the shard as it is now, or `undefined` where somebody else was faster
 */
export async function take(
  session: Session,
  { shard, seen, owner, nowMs }: { shard: number; seen: ShardRow | undefined; owner: string; nowMs: number },
): Promise<ShardRow | undefined> {
  const epoch = (seen?.epoch ?? 0) + 1
  const until = nowMs + LEASE_MS
  try {
    if (seen === undefined) await session.conditional(CREATE, [shard, owner, epoch, until])
    else await session.conditional(TAKE, [owner, epoch, until, shard, seen.epoch])
  } catch (error) {
    if (!isPassing(error)) throw error
  }
  // What the answer was does not matter; what was agreed on does.
  const [row] = await session.readAgreed(`${SELECT} WHERE shard = ?`, [shard])
  const now = row && shardRow(row)
  return now?.owner === owner && now.epoch === epoch ? now : undefined
}

/**
 * Makes a batch count, and the cursor with it. Tried until it is known to have been accepted.
 * @throws {LeaseLostError}
 */
export async function commit(
  session: Session,
  { shard, epoch, until }: { shard: number; epoch: number; until: number },
  { seq, chunks, cursor }: Commit,
  signal: AbortSignal,
): Promise<void> {
  const named = [until, seq, chunks]
  if (cursor === undefined) await insist(session, COMMIT, [...named, shard, epoch], signal)
  else {
    const { host, wire, value, at } = cursor
    await insist(session, COMMIT_CURSOR, [...named, host, wire, value, at, shard, epoch], signal)
  }
}

/**
 * Renews the lease, and saves the cursor where there is one. Touches no batch, so that it may go on beside a commit.
 * @throws {LeaseLostError}
 */
export function renew(
  session: Session,
  { shard, epoch, until }: { shard: number; epoch: number; until: number },
  cursor: Cursor | undefined,
  signal: AbortSignal,
): Promise<void> {
  if (cursor === undefined) return insist(session, RENEW, [until, shard, epoch], signal)
  const { host, wire, value, at } = cursor
  return insist(session, MOVE, [until, host, wire, value, at, shard, epoch], signal)
}

/** The same condition and the same values, however often: nobody but the owner of this epoch can fulfil it. */
async function insist(
  session: Session,
  query: string,
  params: readonly unknown[],
  signal: AbortSignal,
): Promise<void> {
  for (;;) {
    signal.throwIfAborted()
    try {
      const { applied } = await session.conditional(query, params)
      if (applied) return
      const shard = params.at(-2)
      throw new LeaseLostError(`shard ${shard} has been taken over by another worker`)
    } catch (error) {
      if (!isPassing(error)) throw error
      await sleep(AGAIN_MS * (0.5 + Math.random()), undefined, { signal })
    }
  }
}

/** Reads the columns of a cursor, in whatever table they are. */
export function cursorOf({ host, wire, value, at }: Row): Cursor | undefined {
  if (host === null || host === undefined) return undefined
  return { host: String(host), wire: wire as Wire, value: numberOf(value), at: numberOf(at) }
}

function shardRow(row: Row): ShardRow {
  const { shard, owner, epoch, until, seq, chunks } = row
  return {
    shard: Number(shard),
    owner: String(owner),
    epoch: numberOf(epoch),
    until: numberOf(until),
    seq: numberOf(seq),
    chunks: Number(chunks),
    cursor: cursorOf(row),
  }
}
