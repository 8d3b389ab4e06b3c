// Events of the whole ledger for its followers, read from the journals of all shards. A position names, for each shard,
// the last batch that was read as a whole and how many events of the next one were read.
import type { Did } from '../../../atproto/event.ts'
import type { LedgerEvent } from '../../../game/state.ts'
import { InvalidCursorError, type Recent, type RecentEvent } from '../../store.ts'
import { SHOWN } from '../../visibility.ts'
import type { Session } from '../driver/session.ts'
import { eventOf } from '../rows/event-row.ts'
import { type Mutation, writtenRow } from '../rows/mutations.ts'
import { type Batch, BatchMissingError, type ReadPages, recall, recallWhole } from '../shards/journal.ts'
import { checkShards, type ShardRow } from '../shards/leases.ts'

/** How far one shard was read: all of batch `seq`, and `events` of the next one. */
type Place = { seq: number; events: number }

/** Events after `after`, shard by shard. Those of one person come in their order. */
export async function readRecent(
  session: Session,
  shards: number,
  after: string | undefined,
  limit: number,
): Promise<Recent> {
  const seen = after === undefined ? undefined : readPosition(after, shards)
  const rows = new Map((await checkShards(session)).map((row) => [row.shard, row]))
  const newest = Array.from({ length: shards }, (_, shard) => ({ seq: rows.get(shard)?.seq ?? 0, events: 0 }))
  if (seen === undefined) return { events: [], position: writePosition(newest), missed: false, more: false }
  if (seen.some(({ seq, events }, shard) => seq + Number(events > 0) > (newest[shard]?.seq ?? 0))) {
    throw new InvalidCursorError('the position lies ahead of the ledger')
  }
  const events: RecentEvent[] = []
  for (const [shard, place] of seen.entries()) {
    const row = rows.get(shard)
    if (row === undefined || row.seq <= place.seq) continue
    if (events.length >= limit) break
    const whole = await readOn(session, row, seen, { limit, events })
    if (!whole) return { events: [], position: writePosition(newest), missed: true, more: false }
  }
  return { events, position: writePosition(seen), missed: false, more: events.length >= limit }
}

/** The events in the last batch of every shard, newest first: on a busy ledger more than anybody looks at. */
export async function readLatest(session: Session, limit: number): Promise<LedgerEvent[]> {
  const rows = (await checkShards(session)).filter(({ seq }) => seq > 0)
  const batches = await Promise.all(rows.map((row) => batchOf(session, row, row.seq)))
  return batches
    .flatMap((batch) => (batch === undefined ? [] : eventsOf(batch.mutations).reverse()))
    .sort((a, b) => b.event.at - a.event.at)
    .slice(0, limit)
    .flatMap(({ event, shown }) => (shown ? [event] : []))
}

/**
 * Adds the events of the shard of `row` after its place in `seen` to `events`, and moves the place on.
 * @returns false where the next batch is not in the journal any more
 */
async function readOn(
  session: Session,
  row: ShardRow,
  seen: Place[],
  { limit, events }: { limit: number; events: RecentEvent[] },
): Promise<boolean> {
  const { shard } = row
  const place = (): Place => seen[shard] as Place
  while (place().seq < row.seq && events.length < limit) {
    const seq = place().seq + 1
    const batch = await batchOf(session, row, seq)
    if (batch === undefined) return false
    for (const { event, shown } of eventsOf(batch.mutations).slice(place().events)) {
      if (events.length >= limit) return true
      seen[shard] = { seq: seq - 1, events: place().events + 1 }
      if (shown) events.push({ ...event, position: writePosition(seen) })
    }
    seen[shard] = { seq, events: 0 }
  }
  return true
}

/** Batch `seq` of the shard of `row`, up to the one that the row names; `undefined` where the journal does not have it. */
async function batchOf(session: Session, row: ShardRow, seq: number): Promise<Batch | undefined> {
  const read: ReadPages = (query, params, pageRows) => session.pagesForDisplay(query, params, pageRows)
  if (seq < row.seq) return recallWhole(read, { shard: row.shard, seq })
  try {
    return await recall(read, row)
  } catch (error) {
    // Any other failure is an outage: nothing has left the journal.
    if (error instanceof BatchMissingError) return undefined
    throw error
  }
}

/** The events of a batch, and whether their people are shown, by the characters' rows in the same batch. */
function eventsOf(mutations: readonly Mutation[]): { event: LedgerEvent; shown: boolean }[] {
  const shown = new Set<Did>()
  for (const mutation of mutations) {
    const row = writtenRow('character', mutation)
    if (row?.standing === SHOWN) shown.add(row.did as Did)
  }
  return mutations.flatMap((mutation) => {
    const event = eventOf(mutation)
    return event === undefined ? [] : { event, shown: shown.has(event.did) }
  })
}

function writePosition(places: readonly Place[]): string {
  return places
    .map(({ seq, events }) => seq.toString(36) + (events === 0 ? '' : `-${events.toString(36)}`))
    .join('.')
}

function readPosition(position: string, shards: number): Place[] {
  const parts = position.split('.')
  if (parts.length !== shards || !parts.every((part) => /^[0-9a-z]{1,8}(-[0-9a-z]{1,6})?$/.test(part))) {
    throw new InvalidCursorError('the position is not one of the ledger')
  }
  return parts.map((part) => {
    const [seq = '', events = '0'] = part.split('-')
    return { seq: Number.parseInt(seq, 36), events: Number.parseInt(events, 36) }
  })
}
