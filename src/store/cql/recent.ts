// What happens in all of the ledger, for those who follow it: the journals of all shards, read on from where one was.
import type { Did } from '../../atproto/event.ts'
import type { LedgerEvent } from '../../game/state.ts'
import { SHOWN } from '../standing.ts'
import { InvalidCursorError, type Recent } from '../store.ts'
import { eventOf } from './event-row.ts'
import { recall } from './journal.ts'
import { checkShards, type ShardRow } from './leases.ts'
import type { Mutation } from './mutations.ts'
import type { Session } from './session.ts'
import { numberOf } from './values.ts'

/** Where in `character` the standing is. */
const STANDING = 9
const BLOCKS = 'SELECT seq, chunk FROM journal WHERE shard = ? AND seq > ? AND seq <= ?'

/** Batches after `after`, a whole one at a time: there may be some events more than `limit`. */
export async function readRecent(
  session: Session,
  shards: number,
  after: string | undefined,
  limit: number,
): Promise<Recent> {
  const seen = after === undefined ? undefined : readPosition(after, shards)
  const rows = new Map((await checkShards(session)).map((row) => [row.shard, row]))
  const newest = Array.from({ length: shards }, (_, shard) => rows.get(shard)?.seq ?? 0)
  if (seen === undefined) return { events: [], position: writePosition(newest) }
  const events: LedgerEvent[] = []
  for (const [shard, from] of seen.entries()) {
    const row = rows.get(shard)
    if (row === undefined || row.seq <= from) continue
    if (events.length >= limit) break
    seen[shard] = await readOn(session, row, from, limit - events.length, events)
  }
  return { events: events.sort((a, b) => a.at - b.at), position: writePosition(seen) }
}

/** Adds the events of `shard` after its batch `from` to `events`; returns the last batch that was read. */
async function readOn(
  session: Session,
  row: ShardRow,
  from: number,
  limit: number,
  events: LedgerEvent[],
): Promise<number> {
  const { shard, seq } = row
  const held = await session.check(BLOCKS, [shard, from, seq])
  const numbers = [...new Set(held.map((found) => numberOf(found.seq)))].sort((a, b) => a - b)
  let count = 0
  for (const number of numbers) {
    const chunks = held.filter((found) => numberOf(found.seq) === number).length
    const batch = await recall((query, params) => session.check(query, params), {
      shard,
      seq: number,
      chunks: number === seq ? row.chunks : chunks,
    }).catch(() => undefined)
    const shown = batch === undefined ? [] : shownEvents(batch.mutations)
    events.push(...shown)
    count += shown.length
    if (count >= limit) return number
  }
  return seq
}

/** Those of people who may be seen, as their row in the same batch says. */
function shownEvents(mutations: readonly Mutation[]): LedgerEvent[] {
  const shown = new Set<Did>()
  for (const mutation of mutations) {
    if (mutation[0] === 'character' && mutation[STANDING] === SHOWN) shown.add(mutation[1] as Did)
  }
  return mutations.flatMap((mutation) => eventOf(mutation) ?? []).filter(({ did }) => shown.has(did))
}

function writePosition(seqs: readonly number[]): string {
  return seqs.map((seq) => seq.toString(36)).join('.')
}

function readPosition(position: string, shards: number): number[] {
  const parts = position.split('.')
  if (parts.length !== shards || !parts.every((part) => /^[0-9a-z]{1,8}$/.test(part))) {
    throw new InvalidCursorError('the position is not one of the ledger')
  }
  return parts.map((part) => Number.parseInt(part, 36))
}
