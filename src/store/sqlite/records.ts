import type { DatabaseSync, StatementSync } from 'node:sqlite'
import type { Nsid, RecordKey } from '@atcute/lexicons/syntax'
import type { RecordId } from '../../atproto/uri.ts'
import type { RecordsPart } from '../../game/operation.ts'
import { pathOf, type RecordChange, type RecordState } from '../../game/state.ts'
import { dayCounted, type IndexPage } from '../day-index.ts'
import type { RecordPage } from '../store.ts'
import type { ActorRow, Kind } from './actor-row.ts'
import type { Names } from './names.ts'
import { OwnFacts } from './own-facts.ts'
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

const NO_LIMIT = Number.POSITIVE_INFINITY
/** Rows of a chain that are read at once. */
const AT_ONCE = 1_000
/** Where a row of `CHAIN` has its own key and `prev`, after `RECORD_COLUMNS`. */
const KEYS_AT = RECORD_COLUMNS.split(', ').length
/**
 * The rows of one chain from a key on: one statement for all of them takes a third of the time of a statement for each. A sum that
 * 64 bits cannot hold is no row's key, so the chain seems to end there, and `previous` goes on with it. `LIMIT` would take twice as
 * long as the count.
 */
const CHAIN = `WITH RECURSIVE chain(${RECORD_COLUMNS}, rkey, prev, nth) AS (
    SELECT ${RECORD_COLUMNS}, rkey, prev, 1 FROM records WHERE rkey = ?1 AND actor = ?2 AND collection = ?3
    UNION ALL
    SELECT ${RECORD_COLUMNS.split(', ')
      .map((column) => `r.${column}`)
      .join(', ')}, r.rkey, r.prev, c.nth + 1
    FROM chain c JOIN records r
      ON r.rkey = iif(typeof(c.rkey) = 'integer' AND typeof(c.prev) = 'integer', c.rkey + c.prev, c.prev)
      AND r.actor = ?2 AND r.collection = ?3
    WHERE c.nth < ?4)
  SELECT ${RECORD_COLUMNS}, rkey, prev FROM chain`

/** The table `records`: a row for every known record, tombstones included, chained by person and collection. */
export class Records {
  readonly #names: Names
  readonly #people: People
  readonly #ownFacts: OwnFacts
  readonly #select: StatementSync
  readonly #chain: StatementSync
  readonly #insert: StatementSync
  readonly #update: StatementSync
  readonly #delete: StatementSync
  readonly #eraseSubject: StatementSync

  constructor(db: DatabaseSync, names: Names, people: People) {
    this.#names = names
    this.#people = people
    this.#ownFacts = new OwnFacts(db)
    this.#select = db.prepare(
      `SELECT ${RECORD_COLUMNS} FROM records WHERE rkey = ? AND actor = ? AND collection = ?`,
    )
    this.#chain = db.prepare(CHAIN)
    for (const statement of [this.#select, this.#chain]) {
      statement.setReadBigInts(true)
      statement.setReturnArrays(true)
    }
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
    const key = storedKey(rkey)
    const found = this.#select.get(key, row.id, this.#names.collection(collection)) as unknown
    return found === undefined ? undefined : this.#state(row, collection, key, found as unknown[])
  }

  /** Every record of a person, newest first within each collection. */
  of(row: ActorRow): [RecordId, RecordState][] {
    return this.part(row, { collections: [...row.kinds.keys()], from: undefined, limit: NO_LIMIT }).records
  }

  /** See `Writer.records`. New records come before the first of their chain, so they move no place in it. */
  page(row: ActorRow, after: string | undefined, limit: number): RecordPage {
    const collections = [...row.kinds.keys()]
    const [begun, rkey = ''] = after?.split(' ') ?? []
    if (begun !== undefined && !row.kinds.has(begun as Nsid)) return { records: [], next: undefined }
    const from = begun === undefined ? undefined : `${begun}/${rkey}`
    const { records, next } = this.part(row, { collections, from, limit })
    return { records, next: next?.replace('/', ' ') }
  }

  /** A part of a person's records, newest first within each collection; `next` names the collection and key that follow. */
  part(row: ActorRow, part: Place): { records: [RecordId, RecordState][]; next: string | undefined } {
    const { did } = row.state
    const records: [RecordId, RecordState][] = []
    const next = this.#walk(row, part, (collection, key, found) => {
      records.push([{ did, collection, rkey: recordKey(key) }, this.#state(row, collection, key, found)])
    })
    return { records, next }
  }

  /** The days on which such a part counts. */
  days(row: ActorRow, part: Place): IndexPage {
    const records: IndexPage['records'] = []
    const next = this.#walk(row, part, (collection, key, [, after, , state]) => {
      const day = dayCounted({ at: secondsIn(key) + Number(after), claimed: claimedIn(Number(state)) })
      records.push({ path: pathOf({ collection, rkey: recordKey(key) }), day })
    })
    return { records, next }
  }

  /** How many records a person has, tombstones included; counts no further than `max`. */
  count(row: ActorRow, max: number): number {
    const collections = [...row.kinds.keys()]
    let rows = 0
    this.#walk(row, { collections, from: undefined, limit: max }, () => {
      rows += 1
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
    const collections = [...row.kinds.keys()]
    this.#walk(row, { collections, from: undefined, limit: NO_LIMIT }, (nsid, key) => {
      const collection = this.#names.collection(nsid)
      this.#delete.run(key, row.id, collection)
      this.#ownFacts.put([key, row.id, collection], undefined)
      gone += 1
    })
    return gone
  }

  /** Removes this person as the subject of all records. */
  eraseMentions(person: number): void {
    this.#eraseSubject.run(person)
  }

  #state(row: ActorRow, collection: Nsid, key: StoredKey, found: readonly unknown[]): RecordState {
    return recordState(key, found, {
      did: (id) => this.#people.didOf(id),
      own: () => this.#ownFacts.of([key, row.id, this.#names.collection(collection)]),
    })
  }

  /** Visits up to `limit` records of these collections, each with its `RECORD_COLUMNS`. @returns the place of the next one */
  #walk(
    row: ActorRow,
    { collections, from, limit }: Place,
    visit: (collection: Nsid, key: StoredKey, found: readonly unknown[]) => void,
  ): string | undefined {
    const [begun, rkey = ''] = from?.split('/') ?? []
    let left = limit
    for (const collection of collections.slice(Math.max(0, collections.indexOf(begun as Nsid)))) {
      const id = this.#names.collection(collection)
      const kind = row.kinds.get(collection)
      let key = collection === begun ? storedKey(rkey) : kind && lastOf(kind)
      while (key !== undefined) {
        if (left === 0) return `${collection}/${recordKey(key)}`
        const found = this.#chain.all(key, row.id, id, Math.min(left, AT_ONCE)) as unknown as unknown[][]
        key = undefined
        // After a purge the chain is another one, all of whose records the newest rules awarded: it is found empty.
        for (const columns of found) {
          const own = columns[KEYS_AT] as StoredKey
          visit(collection, own, columns)
          key = previous(own, columns[KEYS_AT + 1] as StoredKey | null)
        }
        left -= found.length
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
