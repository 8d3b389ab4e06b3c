// What can be written to the ledger's tables, as data: a batch is planned whole, kept in the journal, and written from
// there, the same again however often that has to be done. Parameters are plain JSON.
import type { Did } from '../../atproto/event.ts'

export type Value = string | number | boolean | null | { [field: string]: Value } | Value[]

/** The name of a statement, and its parameters in order. */
export type Mutation = [statement: Statement, ...values: Value[]]

/**
 * By which time a mutation is written. What is deleted is older than what the same batch writes. What others write too
 * goes by the servers' clock.
 */
export type Moment = 'delete' | 'write' | 'now'

type Shape = {
  cql: string
  moment: Moment
  /** Which parameters make the partition key. */
  partition: readonly number[]
}

const write = (table: string, columns: string, partition: readonly number[]): Shape => ({
  cql: `INSERT INTO ${table} (${columns}) VALUES (${columns.replaceAll(/\w+/g, '?')})`,
  moment: 'write',
  partition,
})
const remove = (table: string, where: string, partition: readonly number[]): Shape => ({
  cql: `DELETE FROM ${table} WHERE ${where}`,
  moment: 'delete',
  partition,
})

/** Every statement with which owners write; `partition` tells which parameters are the partition key. */
export const STATEMENTS = {
  character: write(
    'characters',
    'did, leveling, experience, last_delta, updated_at, standing, status_time, rev, floor, capped, kinds, records, last_seq, first_seq, handle, display_name, avatar, asked, version',
    [0],
  ),
  record: write(
    'records',
    'did, bucket, collection, rkey, rev, live, xp, readable, media, subject, at, capped',
    [0, 1],
  ),
  event: write(
    'events',
    'did, bucket, seq, event_at, type, rkey, cause, reason, delta, leveling, type_seq',
    [0, 1],
  ),
  eventByType: write(
    'events_by_type',
    'did, type, bucket, seq, event_at, rkey, cause, reason, delta, leveling',
    [0, 1, 2],
  ),
  eventDay: write('event_days', 'shard, day, did', [0, 1]),
  mention: write('mentions', 'subject, bucket, did, collection, rkey', [0, 1]),
  books: write(
    'books',
    'shard, characters, records, events, experience, next_question, oldest_day, board_above, waiting, oldest',
    [0],
  ),
  standing: write('standings', 'shard, experience, characters', [0]),
  board: write('board', 'shard, did, experience', [0]),
  question: write('questions', 'shard, kind, id, did, collection, rkey, rev, subject', [0, 1]),
  note: { ...write('inbox', 'shard, id, kind, did, at, note', [0]), moment: 'now' },
  // Whoever asked last about a handle knows whose it is, whatever shard that is in.
  handle: {
    cql: 'INSERT INTO handles (handle, did) VALUES (?, ?) USING TIMESTAMP ?',
    moment: 'now',
    partition: [0],
  },
  dropRecords: remove('records', 'did = ? AND bucket = ?', [0, 1]),
  dropEvents: remove('events', 'did = ? AND bucket = ?', [0, 1]),
  dropEventsUpTo: remove('events', 'did = ? AND bucket = ? AND seq <= ?', [0, 1]),
  dropEventsByType: remove('events_by_type', 'did = ? AND type = ? AND bucket = ?', [0, 1, 2]),
  dropEventsByTypeUpTo: remove(
    'events_by_type',
    'did = ? AND type = ? AND bucket = ? AND seq <= ?',
    [0, 1, 2],
  ),
  dropEventDay: remove('event_days', 'shard = ? AND day = ?', [0, 1]),
  dropMentions: remove('mentions', 'subject = ? AND bucket = ?', [0, 1]),
  dropStanding: remove('standings', 'shard = ? AND experience = ?', [0]),
  dropBoard: remove('board', 'shard = ? AND did = ?', [0]),
  dropQuestion: remove('questions', 'shard = ? AND kind = ? AND id = ?', [0, 1]),
  dropWish: { ...remove('inbox', 'shard = ? AND id = ?', [0]), moment: 'now' },
} as const satisfies Record<string, Shape>

export type Statement = keyof typeof STATEMENTS

/** Names the partition that a mutation writes to, for grouping. */
export function partitionOf([statement, ...values]: Mutation): Value[] {
  return STATEMENTS[statement].partition.map((at) => values[at] ?? null)
}

/** What a mutation takes in a request, in bytes, roughly: servers refuse batches that are too large. */
export function sizeOf(mutation: Mutation): number {
  let size = 40
  for (const value of mutation)
    size += typeof value === 'string' ? value.length : value !== null && typeof value === 'object' ? 160 : 9
  return size
}

/** How an experience counter moves: not part of the journal, for it must not be done twice. */
export type Count = { did: Did; delta: number }
