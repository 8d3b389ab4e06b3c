// The journal of a shard: each batch as one block of bytes, kept before anything of it is written, so that whoever comes
// after a crash can write the rest of it. What it says is only valid once the shard's row names it; see leases.ts.
import { zstdCompressSync, zstdDecompressSync } from 'node:zlib'
import { StoreError } from '../store.ts'
import type { Mutation } from './mutations.ts'
import type { Row } from './paging.ts'
import type { Session } from './session.ts'

/** One row holds that many bytes, so that no request is too large for a server. */
const CHUNK = 256 * 1024
/** Rows that are packed together. */
const PIECE = 4_000
const ZSTD_MAGIC = 0xfd2fb528
/** Batches that stay for those who follow what happens, and how often older ones go. */
const KEPT = 128
const SWEEP_EVERY = 64

const INSERT = 'INSERT INTO journal (shard, seq, chunk, data) VALUES (?, ?, ?, ?) USING TIMESTAMP ?'
const SELECT = 'SELECT chunk, data FROM journal WHERE shard = ? AND seq = ?'
const SWEEP = 'DELETE FROM journal USING TIMESTAMP ? WHERE shard = ? AND seq < ?'

/** A batch, with the epoch of whoever made it: it is always written under the times of that one. */
export type Batch = { epoch: number; mutations: Mutation[] }

/**
 * Packs a batch into as many blocks as it takes, each of which can be read by itself: a batch of millions of rows (a purge, a
 * fetched repository) is never one text.
 */
export function pack({ epoch, mutations }: Batch): Buffer[] {
  if (mutations.length <= PIECE) {
    const bytes = zstdCompressSync(JSON.stringify({ epoch, mutations }))
    if (bytes.length <= CHUNK || mutations.length <= 1) return [bytes]
  }
  const half = Math.ceil(mutations.length / 2)
  const halves = [mutations.slice(0, half), mutations.slice(half)]
  return halves.flatMap((part) => pack({ epoch, mutations: part }))
}

/** Reads what `pack` made, of this version or of those before, which cut one text into blocks. */
export function unpack(chunks: readonly Buffer[]): Batch {
  const texts = chunks.every(isWhole) ? chunks : [Buffer.concat(chunks)]
  const parts = texts.map((text) => JSON.parse(zstdDecompressSync(text).toString()) as Batch)
  return { epoch: parts[0]?.epoch ?? 0, mutations: parts.flatMap(({ mutations }) => mutations) }
}

/** Whether a block begins as compressed texts do. */
function isWhole(chunk: Buffer): boolean {
  return chunk.length >= 4 && chunk.readUInt32LE() === ZSTD_MAGIC
}

/** Writes a batch down as number `seq` of `shard`; durable when it resolves. */
export async function keep(
  session: Session,
  { shard, seq, time }: { shard: number; seq: number; time: number },
  chunks: readonly Buffer[],
  signal: AbortSignal,
): Promise<void> {
  await Promise.all(
    chunks.map((data, chunk) => session.write(INSERT, [shard, seq, chunk, data, time], signal)),
  )
  if (seq % SWEEP_EVERY === 0) await session.write(SWEEP, [time - 1, shard, seq - KEPT], signal)
}

/** Drops every batch before number `seq`, which has to count by now. */
export async function forgetBefore(
  session: Session,
  { shard, seq, time }: { shard: number; seq: number; time: number },
  signal: AbortSignal,
): Promise<void> {
  await session.write(SWEEP, [time - 1, shard, seq], signal)
}

/**
 * The times under which batch `seq` of an owner is written: later than everything of earlier batches and owners, and what
 * it deletes older than what it writes. Numbers of their own, and no clock: exact below 2^53 for 2^19 owners of a shard.
 */
export function timesOf(epoch: number, seq: number): { delete: number; write: number } {
  const base = epoch * 2 ** 33 + seq * 2
  return { delete: base, write: base + 1 }
}

/**
 * The shard's row names a batch that the journal does not have: copies of the two were lost in different places, or somebody
 * has emptied the table.
 */
export class BatchMissingError extends StoreError {
  override name = 'BatchMissingError'
  readonly shard: number

  constructor({ shard, seq, chunks }: { shard: number; seq: number; chunks: number }, found: number) {
    super(`batch ${seq} of shard ${shard} has ${found} of ${chunks} blocks in the journal`)
    this.shard = shard
  }
}

/**
 * Reads the batch that the shard's row says is number `seq`, of so many blocks.
 * @throws {BatchMissingError}
 */
export async function recall(
  read: (query: string, params: readonly unknown[]) => Promise<Row[]>,
  { shard, seq, chunks }: { shard: number; seq: number; chunks: number },
): Promise<Batch> {
  const rows = await read(SELECT, [shard, seq])
  const blocks = rows.filter(({ chunk }) => Number(chunk) < chunks).map(({ data }) => data as Buffer)
  if (blocks.length !== chunks) {
    throw new BatchMissingError({ shard, seq, chunks }, blocks.length)
  }
  return unpack(blocks)
}
