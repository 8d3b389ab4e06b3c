// Which worker owns which shard. A shard's row in `shards` changes only on condition of its epoch, which grows with every
// owner: a worker that was paused past its lease and wakes up has every commit refused. No worker trusts the clock of
// another machine: an owner shows that it lives by changing its row, and the others measure how long the row stays as it is.
import type { Cursor } from '../../../atproto/event.ts'
import { StoreError } from '../../store.ts'
import type { Row } from '../driver/paging.ts'
import { isPassing } from '../driver/retries.ts'
import type { Session } from '../driver/session.ts'
import { numberOf, textOf } from '../driver/values.ts'

/** How long a shard's row may stay unchanged before its owner counts as gone, in milliseconds. */
export const LEASE_MS = 6_000

/** A shard as its row says. */
export type ShardRow = {
  shard: number
  /** Grows with every owner. */
  epoch: number
  owner: string
  /** Greater with every renewal; 0 where the shard was given back. */
  until: number
  /** The rules by which all of it was awarded (see `Rulebook.fingerprint`); `undefined` where an older version left it. */
  rules: string | undefined
  /** The newest committed batch, and its number of blocks in the journal; 0 after a rollback. */
  seq: number
  chunks: number
  cursor: Cursor | undefined
}

/** What a commit sets in the shard's row. */
export type Commit = { seq: number; chunks: number; cursor: Cursor | undefined }

/** Another worker owns the shard, or has to take it anew. */
export class LeaseLostError extends StoreError {
  override name = 'LeaseLostError'
}

const TAKE =
  'UPDATE shards SET owner = ?, epoch = ?, until = ?, rules = ? WHERE shard = ? IF epoch = ? AND until = ? AND rules = ?'
const CREATE =
  'INSERT INTO shards (shard, owner, epoch, until, rules, seq, chunks) VALUES (?, ?, ?, ?, ?, 0, 0) IF NOT EXISTS'
const COMMIT =
  'UPDATE shards SET until = ?, seq = ?, chunks = ?, host = ?, wire = ?, value = ?, at = ? WHERE shard = ? IF epoch = ? AND seq = ?'
const MOVE =
  'UPDATE shards SET until = ?, host = ?, wire = ?, value = ?, at = ? WHERE shard = ? IF epoch = ? AND seq = ?'
const RENEW = 'UPDATE shards SET until = ? WHERE shard = ? IF epoch = ?'
const RULES = 'UPDATE shards SET rules = ? WHERE shard = ? IF epoch = ?'
const ROLL_BACK =
  'UPDATE shards SET epoch = ?, until = 0, chunks = 0, host = ?, wire = ?, value = ?, at = ? WHERE shard = ? IF epoch = ? AND seq = ?'
const SELECT = 'SELECT shard, owner, epoch, until, rules, seq, chunks, host, wire, value, at FROM shards'

/** Every shard that ever had an owner. For a reader that only shows them, see `checkShards`. */
export async function readShards(session: Session): Promise<ShardRow[]> {
  return (await session.readForDecision(SELECT, [])).map(shardRow)
}

/** The same for display: it gives up where a client would wait too long. */
export async function checkShards(session: Session): Promise<ShardRow[]> {
  return (await session.readForDisplay(SELECT, [])).map(shardRow)
}

/** Two looks at a row with the same mark: nothing was committed, renewed or taken in between. */
export function markOf({ epoch, until, seq, cursor }: ShardRow): string {
  return `${epoch} ${until} ${seq} ${cursor?.value ?? ''}`
}

export type TakeOptions = {
  shard: number
  /** The row that is taken over as it was seen; it is left alone where it has changed since. */
  seen: ShardRow | undefined
  owner: string
  /** By which rules it will be awarded. */
  rules: string
  until: number
}

/**
 * Takes `shard` over from the owner that `seen` names.
 * @returns the shard as it is now, or `undefined` where another worker was faster
 */
export async function take(
  session: Session,
  { shard, seen, owner, rules, until }: TakeOptions,
): Promise<ShardRow | undefined> {
  const epoch = (seen?.epoch ?? 0) + 1
  try {
    if (seen === undefined) await session.conditional(CREATE, [shard, owner, epoch, until, rules])
    else {
      const condition = [shard, seen.epoch, seen.until, seen.rules ?? null]
      await session.conditional(TAKE, [owner, epoch, until, rules, ...condition])
    }
  } catch (error) {
    if (!isPassing(error)) throw error
  }
  // The answer may be lost: the row shows whether the write was applied.
  const [row] = await session.readAgreed(`${SELECT} WHERE shard = ?`, [shard])
  const now = row && shardRow(row)
  return now?.owner === owner && now.epoch === epoch ? now : undefined
}

/** The owner of a shard, and where its row stands. */
export type Lease = { shard: number; epoch: number; until: number; seq: number }

/**
 * One attempt to commit batch `lease.seq + 1`, and the cursor with it. After a failure it is not known whether the batch is
 * committed; the next attempt finds out, since the row then has the batch's number.
 * @throws {LeaseLostError} where another worker owns the shard, or its row has gone back
 */
export async function commit(
  session: Session,
  { shard, epoch, until, seq }: Lease,
  { chunks, cursor }: Pick<Commit, 'chunks' | 'cursor'>,
): Promise<void> {
  const { host = null, wire = null, value = null, at = null } = cursor ?? {}
  // A paused server may carry out a request that was sent long ago: `seq` keeps that from overwriting later batches.
  const condition = [shard, epoch, seq]
  const params = [until, seq + 1, chunks, host, wire, value, at, ...condition]
  const { applied, row } = await session.conditional(COMMIT, params)
  if (applied || isOwn(row, epoch, seq + 1)) return
  throw lost(shard, row, epoch)
}

/**
 * Renews the lease: other workers see that its owner lives. It changes no batch, so it may run beside a commit.
 * @throws {LeaseLostError}
 */
export function renew(
  session: Session,
  { shard, epoch, until }: Omit<Lease, 'seq'>,
  signal: AbortSignal,
): Promise<void> {
  return insist(session, RENEW, [until], { shard, epoch }, signal)
}

/**
 * Saves a cursor that moved without a batch, and renews the lease. Where a commit runs beside it, the commit's cursor stays.
 * @throws {LeaseLostError}
 */
export function move(
  session: Session,
  { shard, epoch, until, seq }: Lease,
  { host, wire, value, at }: Cursor,
  signal: AbortSignal,
): Promise<void> {
  return session.retries.run(`the cursor of shard ${shard}`, signal, async () => {
    const { applied, row } = await session.conditional(MOVE, [
      ...[until, host, wire, value, at],
      ...[shard, epoch, seq],
    ])
    // A later batch of ours has brought a later cursor.
    const isOvertaken = row !== undefined && numberOf(row.epoch) === epoch && numberOf(row.seq) > seq
    if (!applied && !isOvertaken) throw lost(shard, row, epoch)
  })
}

/**
 * Gives up the batch that `seen` names and sets the cursor: the row names none then, and is free to be taken.
 * @returns false where somebody has taken the shard since it was seen
 */
export async function rollBackRow(session: Session, seen: ShardRow, cursor: Cursor): Promise<boolean> {
  const { shard, epoch, seq } = seen
  const { host, wire, value, at } = cursor
  try {
    await session.conditional(ROLL_BACK, [epoch + 1, host, wire, value, at, shard, epoch, seq])
  } catch (error) {
    if (!isPassing(error)) throw error
  }
  // The answer may be lost: the row shows whether the write was applied.
  const [row] = await session.readAgreed(`${SELECT} WHERE shard = ?`, [shard])
  const now = row && shardRow(row)
  return now?.epoch === epoch + 1 && now.until === 0 && now.chunks === 0
}

/**
 * Declares by which rules all of the shard is awarded now.
 * @throws {LeaseLostError}
 */
export function declareRules(
  session: Session,
  { shard, epoch }: { shard: number; epoch: number },
  rules: string,
  signal: AbortSignal,
): Promise<void> {
  return insist(session, RULES, [rules], { shard, epoch }, signal)
}

/** Repeats a conditional write until it is answered. Only the owner of this epoch can fulfil its condition. */
function insist(
  session: Session,
  query: string,
  values: readonly unknown[],
  { shard, epoch }: { shard: number; epoch: number },
  signal: AbortSignal,
): Promise<void> {
  return session.retries.run(`the lease of shard ${shard}`, signal, async () => {
    const { applied, row } = await session.conditional(query, [...values, shard, epoch])
    if (!applied) throw lost(shard, row, epoch)
  })
}

/** Whether a refusal shows that an earlier attempt of ours had come through. */
function isOwn(row: Row | undefined, epoch: number, seq: number): boolean {
  return row !== undefined && numberOf(row.epoch) === epoch && numberOf(row.seq) === seq
}

function lost(shard: number, row: Row | undefined, epoch: number): LeaseLostError {
  const why =
    row !== undefined && numberOf(row.epoch) <= epoch
      ? 'is not as this worker left it: the database has lost what it had taken'
      : 'has been taken over by another worker'
  return new LeaseLostError(`shard ${shard} ${why}`)
}

/** Reads the columns of a cursor, which several tables have. */
export function cursorOf({ host, wire, value, at }: Row): Cursor | undefined {
  if (host === null || host === undefined) return undefined
  return { host: String(host), wire: String(wire), value: numberOf(value), at: numberOf(at) }
}

function shardRow(row: Row): ShardRow {
  const { shard, owner, epoch, until, rules, seq, chunks } = row
  return {
    shard: Number(shard),
    owner: String(owner),
    epoch: numberOf(epoch),
    until: numberOf(until),
    rules: textOf(rules),
    seq: numberOf(seq),
    chunks: Number(chunks),
    cursor: cursorOf(row),
  }
}
