// Who owns which shard. A shard's row in `shards` changes only on condition of its epoch, which grows with every owner:
// whoever was paused past its lease and wakes up finds that nothing it wants to commit is accepted any more. No clock of
// another machine is looked at: an owner shows that it lives by changing its row, and others watch for how long it does not.
import type { Cursor } from '../../../atproto/event.ts'
import { StoreError } from '../../store.ts'
import type { Row } from '../driver/paging.ts'
import { isPassing } from '../driver/retries.ts'
import type { Session } from '../driver/session.ts'
import { numberOf, textOf } from '../driver/values.ts'

/** For how long a shard's row may stay as it is before its owner must be gone, in milliseconds. */
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

/** Every shard that ever had an owner; for those who only look, see `checkShards`. */
export async function readShards(session: Session): Promise<ShardRow[]> {
  return (await session.readForDecision(SELECT, [])).map(shardRow)
}

/** The same for somebody who waits to be shown it. */
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
 * Takes `shard` over from whoever `seen` says.
 * @returns the shard as it is now, or `undefined` where somebody else was faster
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
  // What the answer was does not matter; what was agreed on does.
  const [row] = await session.readAgreed(`${SELECT} WHERE shard = ?`, [shard])
  const now = row && shardRow(row)
  return now?.owner === owner && now.epoch === epoch ? now : undefined
}

/** The owner of a shard, and where its row stands. */
export type Lease = { shard: number; epoch: number; until: number; seq: number }

/**
 * One attempt to make batch `lease.seq + 1` count, and the cursor with it. A failure leaves open whether it did; the same
 * again finds out, for the row then shows the batch's number.
 * @throws {LeaseLostError} where another worker owns the shard, or its row has gone back
 */
export async function commit(
  session: Session,
  { shard, epoch, until, seq }: Lease,
  { chunks, cursor }: Pick<Commit, 'chunks' | 'cursor'>,
): Promise<void> {
  const { host = null, wire = null, value = null, at = null } = cursor ?? {}
  // A request that was sent long ago may still be carried out, by a server that was paused: not over later batches.
  const condition = [shard, epoch, seq]
  const params = [until, seq + 1, chunks, host, wire, value, at, ...condition]
  const { applied, row } = await session.conditional(COMMIT, params)
  if (applied || isOwn(row, epoch, seq + 1)) return
  throw lost(shard, row, epoch)
}

/**
 * Renews the lease: others see that its owner lives. Touches no batch, so that it may go on beside a commit.
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
 * Saves a cursor that moved without a batch, and renews the lease. Beside a commit, the later one stands.
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
  // What the answer was does not matter; what was agreed on does.
  const [row] = await session.readAgreed(`${SELECT} WHERE shard = ?`, [shard])
  const now = row && shardRow(row)
  return now?.epoch === epoch + 1 && now.until === 0 && now.chunks === 0
}

/**
 * Says by which rules all of the shard is awarded now.
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

/** The same condition and the same values, however often: nobody but the owner of this epoch can fulfil it. */
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

/** Reads the columns of a cursor, in whatever table they are. */
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
