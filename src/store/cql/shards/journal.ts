// The journal of a shard: each batch is stored there before any of its rows is written, so that the next owner can write
// the rest after a crash. A batch is only valid once the shard's row names it; see leases.ts.
import { zstdCompressSync, zstdDecompressSync } from 'node:zlib'
import { StoreError } from '../../store.ts'
import type { Row } from '../driver/paging.ts'
import type { Session } from '../driver/session.ts'
import type { Mutation } from '../rows/mutations.ts'

/** Bytes in one row at most, so that no request is too large for a server. */
const MAX_CHUNK_BYTES = 256 * 1024
/** Mutations in one block at most. */
const MAX_BLOCK_MUTATIONS = 4_000
const ZSTD_MAGIC = 0xfd2fb528
/** Batches that stay for followers of the ledger; after every `SWEEP_EVERY` batches, older ones are deleted. */
export const KEPT = 128
const SWEEP_EVERY = 64

const INSERT = 'INSERT INTO journal (shard, seq, chunk, data) VALUES (?, ?, ?, ?) USING TIMESTAMP ?'
const SELECT = 'SELECT chunk, data FROM journal WHERE shard = ? AND seq = ?'
const SWEEP = 'DELETE FROM journal USING TIMESTAMP ? WHERE shard = ? AND seq < ?'

/** A batch, with the epoch of the owner that made it: its rows are always written under the times of that epoch. */
export type Batch = { epoch: number; mutations: Mutation[] }

/**
 * Packs a batch into as many blocks as it takes, each of which can be read by itself: a batch of millions of rows (a purge, a
 * fetched repository) is never one text. The last one is marked, so that a batch is known to be whole without its number of
 * blocks.
 */
export function pack({ epoch, mutations }: Batch): Buffer[] {
  return packPart({ epoch, mutations, isLast: true })
}

type Block = Batch & {
  /** Whether nothing of the batch comes after this block; versions before did not say. */
  isLast?: boolean
}

function packPart({ epoch, mutations, isLast }: Required<Block>): Buffer[] {
  if (mutations.length <= MAX_BLOCK_MUTATIONS) {
    const bytes = zstdCompressSync(JSON.stringify({ epoch, mutations, isLast }))
    if (bytes.length <= MAX_CHUNK_BYTES || mutations.length <= 1) return [bytes]
  }
  const half = Math.ceil(mutations.length / 2)
  return [
    ...packPart({ epoch, mutations: mutations.slice(0, half), isLast: false }),
    ...packPart({ epoch, mutations: mutations.slice(half), isLast }),
  ]
}

/** Reads the blocks of `pack`, or those of earlier versions, which cut one text into blocks. */
export function unpack(chunks: readonly Buffer[]): Batch {
  const parts = blocksOf(chunks)
  return { epoch: parts[0]?.epoch ?? 0, mutations: parts.flatMap(({ mutations }) => mutations) }
}

function blocksOf(chunks: readonly Buffer[]): Block[] {
  const texts = chunks.every(isWhole) ? chunks : [Buffer.concat(chunks)]
  return texts.map((text) => JSON.parse(zstdDecompressSync(text).toString()) as Block)
}

/** Whether a block begins as compressed texts do. */
function isWhole(chunk: Buffer): boolean {
  return chunk.length >= 4 && chunk.readUInt32LE() === ZSTD_MAGIC
}

/** Stores a batch as number `seq` of `shard`; durable when it resolves. */
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

/** Drops every batch before number `seq`, which has to be committed. */
export async function forgetBefore(
  session: Session,
  { shard, seq, time }: { shard: number; seq: number; time: number },
  signal: AbortSignal,
): Promise<void> {
  await session.write(SWEEP, [time - 1, shard, seq], signal)
}

/**
 * The times under which batch `seq` of an owner is written: later than those of all earlier batches and owners, so that a
 * late request of a former owner overwrites nothing. Deletions are older than writes. They are counted, not read from a
 * clock: exact below 2^53 for 2^19 owners of a shard.
 */
export function timesOf(epoch: number, seq: number): { delete: number; write: number } {
  const base = epoch * 2 ** 33 + seq * 2
  return { delete: base, write: base + 1 }
}

/**
 * The shard's row names a batch that the journal does not have: the database lost copies of the journal but not of the row,
 * or somebody has emptied the table.
 */
export class BatchMissingError extends StoreError {
  override name = 'BatchMissingError'
  readonly shard: number

  constructor({ shard, seq, chunks }: { shard: number; seq: number; chunks: number }, found: number) {
    super(
      `batch ${seq} of shard ${shard} has ${found} of ${chunks} blocks in the journal: bring back the servers that were away and repair the keyspace, or go back to the batch before with \`bsky-rpg rollback ${shard}\``,
    )
    this.shard = shard
  }
}

/** Reads rows page by page, `pageRows` at a time. */
export type ReadPages = (
  query: string,
  params: readonly unknown[],
  pageRows: number,
) => AsyncIterable<readonly Row[]>

/** Rows, each of up to a quarter of a megabyte, in one page. */
const BLOCKS_AT_ONCE = 16

/**
 * Reads the batch that the shard's row says is number `seq`, of so many blocks.
 * @throws {BatchMissingError}
 */
export async function recall(
  read: ReadPages,
  { shard, seq, chunks }: { shard: number; seq: number; chunks: number },
): Promise<Batch> {
  const blocks: Buffer[] = []
  for await (const rows of read(SELECT, [shard, seq], BLOCKS_AT_ONCE)) {
    for (const { chunk, data } of rows) if (Number(chunk) < chunks) blocks.push(data as Buffer)
  }
  if (blocks.length !== chunks) throw new BatchMissingError({ shard, seq, chunks }, blocks.length)
  return unpack(blocks)
}

/** A batch of which the journal has every block. */
export type KeptBatch = Batch & { seq: number }

/**
 * Reads batch `seq` of a shard whose row names a later one by now, and so does not tell its number of blocks.
 * @returns `undefined` where the journal does not have the whole batch. A batch of an earlier version only counts as whole
 *   where it is one block, since its last block was not marked.
 */
export async function recallWhole(
  read: ReadPages,
  { shard, seq }: { shard: number; seq: number },
): Promise<Batch | undefined> {
  const found: { chunk: number; data: Buffer }[] = []
  for await (const rows of read(SELECT, [shard, seq], BLOCKS_AT_ONCE)) {
    found.push(...rows.map(({ chunk, data }) => ({ chunk: Number(chunk), data: data as Buffer })))
  }
  return wholeOf(found)
}

/** Reads the batches among the `count` before number `seq` that the journal has as a whole, newest first; see `recallWhole`. */
export async function* keptBefore(
  read: ReadPages,
  { shard, seq, count }: { shard: number; seq: number; count: number },
): AsyncGenerator<KeptBatch> {
  for (let number = seq - 1; number >= Math.max(1, seq - count); number--) {
    const batch = await recallWhole(read, { shard, seq: number })
    if (batch !== undefined) yield { seq: number, ...batch }
  }
}

/** An attempt of a former owner may have left blocks of the same batch number: after the last one, or in place of lost ones. */
function wholeOf(found: readonly { chunk: number; data: Buffer }[]): Batch | undefined {
  const blocks: Block[] = []
  for (const [at, { chunk, data }] of found.entries()) {
    if (chunk !== at || !isWhole(data)) return undefined
    const [block] = blocksOf([data])
    if (block === undefined || block.epoch !== (blocks[0] ?? block).epoch) return undefined
    blocks.push(block)
    if (block.isLast ?? found.length === 1) {
      return { epoch: block.epoch, mutations: blocks.flatMap(({ mutations }) => mutations) }
    }
  }
  return undefined
}
