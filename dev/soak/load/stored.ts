// Reads a ledger's file without the program's code, but for what the column `state` means.
import type { DatabaseSync } from 'node:sqlite'
import type { Did } from '../../../src/atproto/event.ts'
import { isLive } from '../../../src/store/sqlite/record-row.ts'
import type { Counted, Repository } from './network-helper.ts'
import { mixed, type Piece } from './received.ts'

/** By collection, what is live of each person. */
export function storedCounts(db: DatabaseSync): Map<Did, Repository['counts']> {
  const rows = db.prepare(
    `SELECT a.did, c.nsid, r.state, count(*) AS n, sum(r.xp) AS xp
       FROM records r JOIN actors a ON a.id = r.actor JOIN collections c ON c.id = r.collection
       GROUP BY r.actor, r.collection, r.state`,
  )
  const people = new Map<Did, Map<string, Counted>>()
  for (const { did, nsid, state, n, xp } of rows.iterate()) {
    if (!isLive(Number(state))) continue
    const counts = people.getOrInsertComputed(did as Did, () => new Map())
    const counted = counts.getOrInsertComputed(String(nsid), () => ({ records: 0, experience: 0 }))
    counted.records += Number(n)
    counted.experience += Number(xp)
  }
  return people
}

/** Where `stored` differs from what people should have, in words. */
export function differences(
  repositories: readonly Repository[],
  stored: ReadonlyMap<Did, Repository['counts']>,
): string[] {
  const none: Counted = { records: 0, experience: 0 }
  return repositories.flatMap(({ did, counts }) => {
    const found = stored.get(did) ?? new Map<string, Counted>()
    const collections = new Set([...counts.keys(), ...found.keys()])
    return [...collections].flatMap((collection) => {
      const expected = counts.get(collection) ?? none
      const { records, experience } = found.get(collection) ?? none
      if (records === expected.records && experience === expected.experience) return []
      return `${did} has ${records} × ${collection} with ${experience} XP, not ${expected.records} with ${expected.experience}`
    })
  })
}

/** Ids of events, in order, with the sums of the `mixed` ids up to each. */
type Ids = { ids: number[]; sums: number[] }

/** The ledger's events of steady people, by which it tells what a client should have received. */
export class StoredEvents {
  readonly #all: Ids = { ids: [], sums: [] }
  readonly #byActor: readonly Ids[]

  /** @param steady whose events count; their places are the actors of `between` */
  constructor(events: Iterable<{ id: number; did: Did }>, steady: readonly Did[]) {
    const places = new Map(steady.map((did, at) => [did, at]))
    this.#byActor = steady.map(() => ({ ids: [], sums: [] }))
    for (const { id, did } of events) {
      const own = this.#byActor[places.get(did) ?? -1]
      if (own === undefined) continue
      for (const { ids, sums } of [this.#all, own]) {
        ids.push(id)
        sums.push(((sums.at(-1) ?? 0) + mixed(id)) >>> 0)
      }
    }
  }

  static in(db: DatabaseSync, steady: readonly Did[]): StoredEvents {
    const rows = db.prepare('SELECT e.id, a.did FROM events e JOIN actors a ON a.id = e.actor ORDER BY e.id')
    return new StoredEvents(rows.iterate() as Iterable<{ id: number; did: Did }>, steady)
  }

  /** The events after `from` up to `to` of these actors, or of everybody. */
  between({ from, to }: Pick<Piece, 'from' | 'to'>, actors: readonly number[] | undefined): Piece {
    const lists = actors === undefined ? [this.#all] : actors.flatMap((at) => this.#byActor[at] ?? [])
    let [events, sum] = [0, 0]
    for (const { ids, sums } of lists) {
      const [first, end] = [placeAfter(ids, from), placeAfter(ids, to)]
      events += end - first
      sum = (sum + (sums[end - 1] ?? 0) - (sums[first - 1] ?? 0)) >>> 0
    }
    return { from, to, events, sum }
  }
}

/** How many of `ids`, which ascend, are not greater than `id`. */
function placeAfter(ids: readonly number[], id: number): number {
  let [low, high] = [0, ids.length]
  while (low < high) {
    const middle = (low + high) >>> 1
    if ((ids[middle] ?? 0) <= id) low = middle + 1
    else high = middle
  }
  return low
}
