// Writes to the ledger's tables, as data: a batch is planned as a whole, stored in the journal, and written from there,
// with the same outcome however often that is repeated. Parameters are plain JSON.
import type { Did } from '../../../atproto/event.ts'
import { type KeyTypes, partitionKey } from '../driver/placement.ts'
import { COLUMNS } from './columns.ts'

export type Value = string | number | boolean | null | { [field: string]: Value } | Value[]

/** The name of a statement, and its parameters in order. */
export type Mutation = [statement: Statement, ...values: Value[]]

/**
 * The time under which a mutation is written. Deletions are older than the writes of the same batch. `now` is for tables
 * that several workers write: such a mutation has a time of its own, or takes the servers' clock.
 */
export type Moment = 'delete' | 'write' | 'now'

type Shape = {
  cql: string
  moment: Moment
  key: KeyTypes
  /** How many parameters come before the key. */
  before: number
}

const write = (table: string, columns: readonly string[], key: KeyTypes): Shape => ({
  cql: `INSERT INTO ${table} (${columns.join(', ')}) VALUES (${columns.map(() => '?').join(', ')})`,
  moment: 'write',
  key,
  before: 0,
})
const remove = (table: string, where: string, key: KeyTypes): Shape => ({
  cql: `DELETE FROM ${table} WHERE ${where}`,
  moment: 'delete',
  key,
  before: 0,
})

const PERSON: KeyTypes = ['text']
const PERSON_BUCKET: KeyTypes = ['text', 'int']
const PERSON_EVENTS: KeyTypes = ['text', 'bigint']
const PERSON_TYPE_EVENTS: KeyTypes = ['text', 'text', 'bigint']
const SHARD: KeyTypes = ['int']
const SHARD_DAY: KeyTypes = ['int', 'int']
const SHARD_KIND: KeyTypes = ['int', 'text']

/** Every statement with which owners write. The journal stores their names: none is ever renamed or removed. */
export const STATEMENTS = {
  character: write('characters', COLUMNS.character, PERSON),
  record: write('records', COLUMNS.record, PERSON_BUCKET),
  ownFact: write('records', COLUMNS.ownFact, PERSON_BUCKET),
  claimedDay: write('records', COLUMNS.claimedDay, PERSON_BUCKET),
  grant: write('grants', COLUMNS.grant, PERSON),
  day: write('days', COLUMNS.day, PERSON),
  event: write('events', COLUMNS.event, PERSON_EVENTS),
  eventByType: write('events_by_type', COLUMNS.eventByType, PERSON_TYPE_EVENTS),
  eventDay: write('event_days', COLUMNS.eventDay, SHARD_DAY),
  mention: write('mentions', COLUMNS.mention, PERSON_BUCKET),
  books: write('books', COLUMNS.books, SHARD),
  standing: write('standings', COLUMNS.standing, SHARD),
  board: write('board', COLUMNS.board, SHARD),
  periodBoard: write('period_boards', COLUMNS.periodBoard, SHARD),
  periodPlace: write('period_places', COLUMNS.periodPlace, SHARD),
  openQuestion: write('open_questions', COLUMNS.openQuestion, SHARD_KIND),
  // Of earlier versions, whose last batch may have to be written again.
  question: write('questions', COLUMNS.question, SHARD_KIND),
  // An inbox item.
  letter: {
    cql: 'INSERT INTO inbox (shard, id, kind, did, at, note) VALUES (?, ?, ?, ?, ?, ?) USING TIMESTAMP ?',
    moment: 'now',
    key: SHARD,
    before: 0,
  },
  /** In journals of earlier versions. */
  note: { ...write('inbox', ['shard', 'id', 'kind', 'did', 'at', 'note'], SHARD), moment: 'now' },
  // Written by the owners of all shards: the answer of the network that is newest wins.
  handle: {
    cql: 'INSERT INTO handles (handle, did) VALUES (?, ?) USING TIMESTAMP ?',
    moment: 'now',
    key: PERSON,
    before: 0,
  },
  // Under the time at which the row was written, so that a later owner of the handle stays.
  dropHandle: {
    cql: 'DELETE FROM handles USING TIMESTAMP ? WHERE handle = ?',
    moment: 'now',
    key: PERSON,
    before: 1,
  },
  dropGrant: remove('grants', 'did = ? AND day = ?', PERSON),
  dropGrants: remove('grants', 'did = ?', PERSON),
  dropDay: remove('days', 'did = ? AND day = ?', PERSON),
  dropDays: remove('days', 'did = ?', PERSON),
  dropRecords: remove('records', 'did = ? AND bucket = ?', PERSON_BUCKET),
  dropEvents: remove('events', 'did = ? AND bucket = ?', PERSON_EVENTS),
  dropEventsUpTo: remove('events', 'did = ? AND bucket = ? AND seq <= ?', PERSON_EVENTS),
  dropEventsByType: remove('events_by_type', 'did = ? AND type = ? AND bucket = ?', PERSON_TYPE_EVENTS),
  dropEventsByTypeUpTo: remove(
    'events_by_type',
    'did = ? AND type = ? AND bucket = ? AND seq <= ?',
    PERSON_TYPE_EVENTS,
  ),
  dropEventDay: remove('event_days', 'shard = ? AND day = ?', SHARD_DAY),
  dropEventDayOf: remove('event_days', 'shard = ? AND day = ? AND did = ?', SHARD_DAY),
  dropMentionsBy: remove('mentions', 'subject = ? AND bucket = ? AND did = ?', PERSON_BUCKET),
  dropMention: remove(
    'mentions',
    'subject = ? AND bucket = ? AND did = ? AND collection = ? AND rkey = ?',
    PERSON_BUCKET,
  ),
  dropStanding: remove('standings', 'shard = ? AND experience = ?', SHARD),
  dropBoard: remove('board', 'shard = ? AND did = ?', SHARD),
  dropPeriodBoard: remove('period_boards', 'shard = ? AND kind = ? AND period = ?', SHARD),
  dropPeriodPlaces: remove('period_places', 'shard = ? AND kind = ? AND period = ?', SHARD),
  dropPeriodPlace: remove('period_places', 'shard = ? AND kind = ? AND period = ? AND did = ?', SHARD),
  dropOpenQuestion: remove('open_questions', 'shard = ? AND kind = ? AND due = ? AND id = ?', SHARD_KIND),
  dropQuestion: remove('questions', 'shard = ? AND kind = ? AND id = ?', SHARD_KIND),
  takeOut: {
    cql: 'DELETE FROM inbox USING TIMESTAMP ? WHERE shard = ? AND id = ?',
    moment: 'now',
    key: SHARD,
    before: 1,
  },
  /** In journals of earlier versions. */
  dropWish: { ...remove('inbox', 'shard = ? AND id = ?', SHARD), moment: 'now' },
} as const satisfies Record<string, Shape>

type Statement = keyof typeof STATEMENTS

/** Statements that write whole rows, or some columns of one. */
type RowStatement = keyof typeof COLUMNS

type RowOf<Name extends RowStatement> = Readonly<Record<(typeof COLUMNS)[Name][number], Value>>

/** Writes the row whose values `row` gives by column. */
export function rowMutation<Name extends RowStatement>(statement: Name, row: RowOf<Name>): Mutation {
  const columns: readonly (keyof RowOf<Name>)[] = COLUMNS[statement]
  return [statement, ...columns.map((column) => row[column])]
}

/**
 * Reads by column what `mutation` writes; `undefined` where it is not of `statement`. A batch of an older version lacks
 * the columns that came later.
 */
export function writtenRow<Name extends RowStatement>(
  statement: Name,
  [name, ...values]: Mutation,
): Partial<RowOf<Name>> | undefined {
  if (name !== statement) return undefined
  const columns: readonly (keyof RowOf<Name>)[] = COLUMNS[statement]
  const row: Partial<Record<keyof RowOf<Name>, Value>> = {}
  for (const [place, value] of values.entries()) {
    const column = columns[place]
    if (column !== undefined) row[column] = value
  }
  return row
}

/** `mutation` with every column that its statement writes: a batch of an older program lacks those that came later. */
export function completed(mutation: Mutation): Mutation {
  const [statement, ...values] = mutation
  const parameters = STATEMENTS[statement].cql.split('?').length - 1
  const missing: Value[] = Array.from({ length: parameters - values.length }, () => null)
  return [statement, ...values, ...missing]
}

/** The bytes of the key of the partition that a mutation writes to. */
export function keyOf([statement, ...values]: Mutation): Buffer {
  const { key, before } = STATEMENTS[statement]
  return partitionKey(key, values.slice(before))
}

/** The size of a mutation in a request, in bytes, estimated high: servers refuse batches that are too large. */
export function sizeOf(mutation: Mutation): number {
  let size = ROW_BYTES
  for (const value of mutation) size += valueBytes(value)
  return size
}

/** Bytes that a row takes beside its values. */
const ROW_BYTES = 40
/** Bytes of a number or null, with its length. */
const CELL_BYTES = 12

function valueBytes(value: Value): number {
  if (typeof value === 'string') return CELL_BYTES + Buffer.byteLength(value)
  if (value === null || typeof value !== 'object') return CELL_BYTES
  let size = CELL_BYTES
  for (const [name, part] of Object.entries(value)) size += CELL_BYTES + name.length + valueBytes(part)
  return size
}

/** A move of an experience counter. Not part of the journal, since it must not be done twice. */
export type Count = { did: Did; delta: number }
