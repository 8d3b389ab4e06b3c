// From what is to be written to what is sent: how many rows one request holds, and for which servers.

import { type Group, groupByServers, partitionKey, type Ring } from '../driver/placement.ts'
import { type Count, keyOf, type Moment, type Mutation, STATEMENTS, sizeOf } from './mutations.ts'

/** Written under one time, to the same servers. */
export type WriteRequest = Group<Mutation> & { moment: Moment }

/** Mutations and bytes in one request: each costs a server something of its own, and 50 KiB are more than it takes. */
const MOST_TOGETHER = 200
const MOST_BYTES = 44 * 1024
/** What a counter's change takes, in bytes. */
const COUNT_BYTES = 60

/** All of `mutations`, in requests that may arrive in any order: what deletes has an earlier time than what writes. */
export function requestsFor(mutations: readonly Mutation[], ring: Ring, keyspace: string): WriteRequest[] {
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

export function requestsForCounts(counts: readonly Count[], ring: Ring, keyspace: string): Group<Count>[] {
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
    if (piece.length === MOST_TOGETHER || (piece.length > 0 && bytes + more > MOST_BYTES)) {
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
