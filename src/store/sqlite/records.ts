import type { DatabaseSync, StatementSync } from 'node:sqlite'
import type { Nsid, RecordKey } from '@atcute/lexicons/syntax'
import type { RecordId } from '../../atproto/uri.ts'
import type { RecordsPart } from '../../game/operation.ts'
import { pathOf, type RecordChange, type RecordState } from '../../game/state.ts'
import { dayCounted, type IndexPage } from '../day-index.ts'
import type { RecordPage } from '../store.ts'
import type { ActorRow, Kind } from './actor-row.ts'
import type { Names } from './names.ts'
import { OwnFacts, type RecordKeys } from './own-facts.ts'
import type { People } from './people.ts'
import { claimedIn, RECORD_COLUMNS, recordState, stateCode, subjectKey } from './record-row.ts'
import {
  distance,
  fromDistance,
  isOrdered,
  recordKey,
  type StoredKey,
  secondsIn,
  storedKey,
  tidToInteger,
} from './tid.ts'

/** The table `records`: a row for every known record, tombstones included, chained by person and collection. */
export class Records {
  readonly #names: Names
  readonly #people: People
  readonly #ownFacts: OwnFacts
  readonly #select: StatementSync
  readonly #when: StatementSync
  readonly #insert: StatementSync
  readonly #update: StatementSync
  readonly #delete: StatementSync
  readonly #eraseSubject: StatementSync

  constructor(db: DatabaseSync, names: Names, people: People) {
    this.#names = names
    this.#people = people
    this.#ownFacts = new OwnFacts(db)
    this.#select = db.prepare(
      `SELECT ${RECORD_COLUMNS}, prev FROM records WHERE rkey = ? AND actor = ? AND collection = ?`,
    )
    this.#select.setReadBigInts(true)
    this.#select.setReturnArrays(true)
    this.#when = db.prepare(
      'SELECT after, state, prev FROM records WHERE rkey = ? AND actor = ? AND collection = ?',
    )
    this.#when.setReadBigInts(true)
    this.#when.setReturnArrays(true)
    this.#insert = db.prepare(
      `INSERT INTO records (rkey, actor, collection, ${RECORD_COLUMNS}, prev) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`,
    )
    this.#update = db.prepare(
      `UPDATE records SET rev = ?, after = ?, xp = ?, state = ?, subject_actor = ?, subject_rkey = ?
         WHERE rkey = ? AND actor = ? AND collection = ?`,
    )
    this.#delete = db.prepare('DELETE FROM records WHERE rkey = ? AND actor = ? AND collection = ?')
    this.#eraseSubject = db.prepare(
      'UPDATE records SET subject_actor = NULL, subject_rkey = NULL WHERE subject_actor = ?',
    )
  }

  find(row: ActorRow, collection: Nsid, rkey: RecordKey): RecordState | undefined {
    const kind = row.kinds.get(collection)
    if (kind?.lastRecord === undefined) return undefined
    if (isOrdered(rkey) && (kind.greatest === undefined || rkey > kind.greatest)) return undefined
    return this.#read(row, collection, storedKey(rkey))?.state
  }

  /** Every record of a person, newest first within each collection. */
  *of(row: ActorRow): Generator<[RecordId, RecordState]> {
    for (const [collection, kind] of row.kinds) {
      for (let key = lastOf(kind); key !== undefined; ) {
        const found = this.#read(row, collection, key)
        if (found === undefined) break
        yield [{ did: row.state.did, collection, rkey: recordKey(key) }, found.state]
        key = found.prev
      }
    }
  }

  /** See `Writer.records`. New records come before the first of their chain, so they move no place in it. */
  page(row: ActorRow, after: string | undefined, limit: number): RecordPage {
    const records: [RecordId, RecordState][] = []
    const [from, rkey = ''] = after?.split(' ') ?? []
    const { did } = row.state
    let isReached = from === undefined
    for (const [collection, kind] of row.kinds) {
      const isFirst = !isReached && collection === from
      isReached ||= isFirst
      if (!isReached) continue
      let key = isFirst ? storedKey(rkey) : lastOf(kind)
      while (key !== undefined) {
        if (records.length === limit) return { records, next: `${collection} ${recordKey(key)}` }
        const found = this.#read(row, collection, key)
        if (found === undefined) break
        records.push([{ did, collection, rkey: recordKey(key) }, found.state])
        key = found.prev
      }
    }
    return { records, next: undefined }
  }

  /** A part of a person's records, newest first within each collection; `next` names the collection and key that follow. */
  part(row: ActorRow, part: Place): { records: [RecordId, RecordState][]; next: string | undefined } {
    const { did } = row.state
    const records: [RecordId, RecordState][] = []
    const next = this.#walk(row, part, (collection, key) => {
      const found = this.#read(row, collection, key)
      if (found !== undefined) records.push([{ did, collection, rkey: recordKey(key) }, found.state])
      return found
    })
    return { records, next }
  }

  /** The days on which such a part counts. */
  days(row: ActorRow, part: Place): IndexPage {
    const records: IndexPage['records'] = []
    const next = this.#walk(row, part, (collection, key) => {
      const found = this.#when.get(key, row.id, this.#names.collection(collection)) as unknown
      if (found === undefined) return undefined
      const [after, state, prev] = found as [bigint, bigint, StoredKey | null]
      const day = dayCounted({ at: secondsIn(key) + Number(after), claimed: claimedIn(Number(state)) })
      records.push({ path: pathOf({ collection, rkey: recordKey(key) }), day })
      return { prev: previous(key, prev) }
    })
    return { records, next }
  }

  /** How many records a person has, tombstones included; counts no further than `max`. */
  count(row: ActorRow, max: number): number {
    const collections = [...row.kinds.keys()]
    let rows = 0
    this.#walk(row, { collections, from: undefined, limit: max }, (collection, key) => {
      const found = this.#when.get(key, row.id, this.#names.collection(collection)) as unknown
      if (found === undefined) return undefined
      rows += 1
      return { prev: previous(key, (found as [bigint, bigint, StoredKey | null])[2]) }
    })
    return rows
  }

  put(row: ActorRow, kind: Kind, { id, state, created }: RecordChange): void {
    const key = storedKey(id.rkey)
    const collection = this.#names.collection(id.collection)
    const subject = state.facts?.subject
    const subjectActor = subject === undefined ? null : this.#people.idOf(subject.did)
    const named = subject === undefined ? null : subjectKey(subject)
    const rev = distance(key, tidToInteger(state.rev))
    // Mostly 0: a record is usually witnessed in the second of its key.
    const after = state.at - secondsIn(key)
    const code = stateCode(state)
    this.#ownFacts.put([key, row.id, collection], state.facts?.own)
    if (!created) {
      this.#update.run(rev, after, state.xp, code, subjectActor, named, key, row.id, collection)
      return
    }
    const last = lastOf(kind)
    const prev = typeof last === 'bigint' ? distance(key, last) : (last ?? null)
    this.#insert.run(key, row.id, collection, rev, after, state.xp, code, subjectActor, named, prev)
    kind.lastRecord = id.rkey
    if (isOrdered(id.rkey) && (kind.greatest === undefined || id.rkey > kind.greatest))
      kind.greatest = id.rkey
  }

  /** Removes all records of a person; returns how many there were. */
  purge(row: ActorRow): number {
    let gone = 0
    for (const [collection, kind] of row.kinds) {
      const id = this.#names.collection(collection)
      for (let key = lastOf(kind); key !== undefined; gone++) {
        const prev = this.#read(row, collection, key)?.prev
        this.#delete.run(key, row.id, id)
        this.#ownFacts.put([key, row.id, id], undefined)
        key = prev
      }
    }
    return gone
  }

  /** Removes this person as the subject of all records. */
  eraseMentions(person: number): void {
    this.#eraseSubject.run(person)
  }

  #read(row: ActorRow, collection: Nsid, key: StoredKey) {
    const keys: RecordKeys = [key, row.id, this.#names.collection(collection)]
    const found = this.#select.get(...keys) as unknown as unknown[] | undefined
    if (found === undefined) return undefined
    return {
      state: recordState(key, found, {
        did: (id) => this.#people.didOf(id),
        own: () => this.#ownFacts.of(keys),
      }),
      prev: previous(key, found[6] as StoredKey | null),
    }
  }

  /** Visits up to `limit` records of these collections. @returns the place of the next one */
  #walk(
    row: ActorRow,
    { collections, from, limit }: Place,
    visit: (collection: Nsid, key: StoredKey) => { prev: StoredKey | undefined } | undefined,
  ): string | undefined {
    const [begun, rkey = ''] = from?.split('/') ?? []
    let left = limit
    for (const collection of collections.slice(Math.max(0, collections.indexOf(begun as Nsid)))) {
      const kind = row.kinds.get(collection)
      let key = collection === begun ? storedKey(rkey) : kind && lastOf(kind)
      for (; key !== undefined; left--) {
        if (left === 0) return `${collection}/${recordKey(key)}`
        // After a purge the chain is another one, all of whose records the newest rules awarded.
        key = visit(collection, key)?.prev
      }
    }
    return undefined
  }
}

/** Where a part of a person's records begins, and how many it has at most. */
type Place = Pick<RecordsPart, 'collections' | 'from' | 'limit'>

/** The key of the record before, by its distance from `key`. */
function previous(key: StoredKey, prev: StoredKey | null): StoredKey | undefined {
  return typeof prev === 'bigint' ? fromDistance(key, prev) : (prev ?? undefined)
}

function lastOf({ lastRecord }: Kind): StoredKey | undefined {
  return lastRecord === undefined ? undefined : storedKey(lastRecord)
}
