// From rows to requests: how many rows go into one request, and to which servers.

import { type Group, groupByServers, partitionKey, type Ring } from '../driver/placement.ts'
import type { Session } from '../driver/session.ts'
import { type Count, keyOf, type Moment, type Mutation, STATEMENTS, sizeOf } from './mutations.ts'

/** Rows of one moment that the same servers keep. */
type WriteRequest = Group<Mutation> & { moment: Moment }

/** Mutations and bytes in one request: a request has a cost of its own, and servers refuse 50 KiB. */
const MAX_ROWS = 200
const MAX_BYTES = 44 * 1024
/** Size of one counter's change, in bytes. */
const COUNT_BYTES = 60

/**
 * Writes all of `mutations` under the given times, in microseconds, those for the same servers together. Resolves when all of
 * them are durable; the same again is the same.
 */
export async function writeMutations(
  session: Session,
  mutations: readonly Mutation[],
  times: { delete: number; write: number },
  signal?: AbortSignal,
): Promise<void> {
  const requests = requestsFor(mutations, session.client, session.keyspace)
  await Promise.all(
    requests.map(({ moment, items, routingKey }) => {
      const statements = items.map(([statement, ...params]) => ({ query: STATEMENTS[statement].cql, params }))
      const timestamp = moment === 'now' ? undefined : times[moment]
      return session.writeBatch({ statements, routingKey, timestamp }, signal)
    }),
  )
}

const MOVE_COUNTER = 'UPDATE characters_experience SET experience = experience + ? WHERE did = ?'

/**
 * Moves counters, once.
 * @returns those that may or may not have moved
 */
export async function moveCounters(session: Session, counts: readonly Count[]): Promise<Count[]> {
  const requests = requestsForCounts(counts, session.client, session.keyspace)
  const unknown = await Promise.all(
    requests.map(async ({ items, routingKey }) => {
      const statements = items.map(({ did, delta }) => ({ query: MOVE_COUNTER, params: [delta, did] }))
      return (await session.countBatch({ statements, routingKey })) ? [] : items
    }),
  )
  return unknown.flat()
}

/** Divides `mutations` into requests that may arrive in any order, since deletions have an earlier time than writes. */
function requestsFor(mutations: readonly Mutation[], ring: Ring, keyspace: string): WriteRequest[] {
  const requests: WriteRequest[] = []
  // Table by table: what is in one partition and one request is one write to the server.
  const sorted = [...mutations].sort(([a], [b]) => (a < b ? -1 : Number(a > b)))
  for (const moment of ['delete', 'write', 'now'] as const) {
    const those = sorted.filter(([statement]) => STATEMENTS[statement].moment === moment)
    for (const { items, routingKey } of groupByServers(ring, keyspace, those, keyOf)) {
      for (const piece of pieces(items, sizeOf)) requests.push({ moment, items: piece, routingKey })
    }
  }
  return requests
}

function requestsForCounts(counts: readonly Count[], ring: Ring, keyspace: string): Group<Count>[] {
  const groups = groupByServers(ring, keyspace, counts, ({ did }) => partitionKey(['text'], [did]))
  return groups.flatMap(({ items, routingKey }) =>
    pieces(items, () => COUNT_BYTES).map((piece) => ({ items: piece, routingKey })),
  )
}

function pieces<T>(items: readonly T[], size: (item: T) => number): T[][] {
  const all: T[][] = []
  let piece: T[] = []
  let bytes = 0
  for (const item of items) {
    const more = size(item)
    if (piece.length === MAX_ROWS || (piece.length > 0 && bytes + more > MAX_BYTES)) {
      all.push(piece)
      piece = []
      bytes = 0
    }
    piece.push(item)
    bytes += more
  }
  if (piece.length > 0) all.push(piece)
  return all
}
