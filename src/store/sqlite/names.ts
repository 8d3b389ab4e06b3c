import type { DatabaseSync, StatementSync } from 'node:sqlite'
import type { Nsid } from '@atcute/lexicons/syntax'
import type { Cause } from '../../game/state.ts'
import { StoreError } from '../store.ts'

/** The text of a ledger event: what is left besides numbers and keys. */
export type Entry = { collection: Nsid; cause: Cause; reason: string }

/** Collections, entries and reasons as small integers. There are few of each, so all of them are cached. */
export class Names {
  readonly #collections = new Map<Nsid, number>()
  readonly #nsids: (Nsid | undefined)[] = []
  /** By collection, cause and reason; nested, so a look-up builds no key. */
  readonly #entryIds = new Map<Nsid, Map<Cause, Map<string, number>>>()
  readonly #entries: (Entry | undefined)[] = []
  readonly #reasonIds = new Map<string, number>()
  readonly #reasons: (string | undefined)[] = []
  readonly #selectReasons: StatementSync
  readonly #selectCollections: StatementSync
  readonly #selectEntries: StatementSync
  readonly #db: DatabaseSync

  constructor(db: DatabaseSync) {
    this.#db = db
    this.#selectReasons = db.prepare('SELECT id, reason FROM reasons')
    this.#selectCollections = db.prepare('SELECT id, nsid FROM collections')
    this.#selectEntries = db.prepare(
      'SELECT e.id, c.nsid AS collection, e.cause, e.reason FROM entries e JOIN collections c ON c.id = e.collection',
    )
    this.reload()
  }

  /** Reads names that the writer has added since. Names are never removed or renumbered. */
  reload(): void {
    for (const { id, nsid } of this.#selectCollections.all()) this.#cache(Number(id), nsid as Nsid)
    for (const { id, reason } of this.#selectReasons.all()) this.#cacheReason(Number(id), String(reason))
    for (const { id, ...entry } of this.#selectEntries.all()) this.#cacheEntry(Number(id), entry as Entry)
  }

  nsid(id: number): Nsid {
    const known = this.#nsids[id]
    if (known !== undefined) return known
    this.reload()
    return this.#nsids[id] ?? missing('collection', id)
  }

  entry(id: number): Entry {
    const known = this.#entries[id]
    if (known !== undefined) return known
    this.reload()
    return this.#entries[id] ?? missing('entry', id)
  }

  /** The reason of this id in a column of counts. */
  reason(id: number): string {
    const known = this.#reasons[id]
    if (known !== undefined) return known
    this.reload()
    return this.#reasons[id] ?? missing('reason', id)
  }

  /** `undefined` where no row ever had this collection. */
  find(nsid: Nsid): number | undefined {
    return this.#collections.get(nsid)
  }

  /** For writers only: adds the collection where it has no id yet. */
  collection(nsid: Nsid): number {
    const known = this.#collections.get(nsid)
    if (known !== undefined) return known
    const id = this.#insert('INSERT INTO collections (nsid) VALUES (?)', nsid)
    this.#cache(id, nsid)
    return id
  }

  /** For writers only: adds the entry where it has no id yet. */
  entryId(collection: Nsid, cause: Cause, reason: string): number {
    const known = this.#entryIds.get(collection)?.get(cause)?.get(reason)
    if (known !== undefined) return known
    const sql = 'INSERT INTO entries (collection, cause, reason) VALUES (?, ?, ?)'
    const id = this.#insert(sql, this.collection(collection), cause, reason)
    this.#cacheEntry(id, { collection, cause, reason })
    return id
  }

  /** For writers only: adds the reason where it has no id yet. */
  reasonId(reason: string): number {
    const known = this.#reasonIds.get(reason)
    if (known !== undefined) return known
    const id = this.#insert('INSERT INTO reasons (reason) VALUES (?)', reason)
    this.#cacheReason(id, reason)
    return id
  }

  #insert(sql: string, ...values: (string | number)[]): number {
    return Number(this.#db.prepare(sql).run(...values).lastInsertRowid)
  }

  #cache(id: number, nsid: Nsid): void {
    this.#collections.set(nsid, id)
    this.#nsids[id] = nsid
  }

  #cacheReason(id: number, reason: string): void {
    this.#reasonIds.set(reason, id)
    this.#reasons[id] = reason
  }

  #cacheEntry(id: number, entry: Entry): void {
    const byCause = this.#entryIds.getOrInsertComputed(entry.collection, () => new Map())
    byCause.getOrInsertComputed(entry.cause, () => new Map()).set(entry.reason, id)
    this.#entries[id] = entry
  }
}

function missing(what: string, id: number): never {
  throw new StoreError(
    `the ledger names ${what} ${id}, which it does not have: the file is damaged. Restore a backup; see docs/operating.md.`,
  )
}
