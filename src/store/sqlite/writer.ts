import type { DatabaseSync, StatementSync } from 'node:sqlite'
import type { Did, Handle, Nsid } from '@atcute/lexicons/syntax'
import type { Cursor, Micros } from '../../atproto/event.ts'
import type { Profile } from '../../atproto/profile.ts'
import type { RecordId } from '../../atproto/uri.ts'
import type { Followed } from '../../game/followed.ts'
import type { Wish } from '../../game/operation.ts'
import {
  type ActorChange,
  type Changes,
  type Granted,
  type Known,
  pathOf,
  type QuestionKind,
  type RecordPath,
  type RecordState,
} from '../../game/state.ts'
import type { Day, Seconds } from '../../game/time.ts'
import type { Touched } from '../../game/touched.ts'
import type { Expiry } from '../expired.ts'
import type { Gap, Heartbeat, Writer } from '../store.ts'
import { wishOf } from '../stored-wish.ts'
import { SHOWN, visibilityOf } from '../visibility.ts'
import type { ActorRow, Kind } from './actor-row.ts'
import { Events } from './events.ts'
import { Grants } from './grants.ts'
import { Names } from './names.ts'
import { People } from './people.ts'
import { Questions } from './questions.ts'
import { Records } from './records.ts'
import { Samples } from './samples.ts'
import { TopRows } from './top-rows.ts'
import type { Transactions } from './transactions.ts'
import { XpHistogram } from './xp-histogram.ts'

const NOTHING_GRANTED: ReadonlyMap<Day, Granted> = new Map()

export type WriterOptions = {
  db: DatabaseSync
  transactions: Transactions
  lock: Disposable
  /** Called before a batch is written; throws where the disk is too full. */
  assertSpace: () => void
}

/**
 * How long erased data may stay in the log: what was stored of accounts that were deleted, and profiles that were dropped, as
 * each identity event of a character drops one. On a large network one or the other happens every few seconds, and a log that is
 * emptied each time writes three times as much to the disk. `forget` empties it at once.
 */
const ERASE_WITHIN_MS = 300_000

/** The ledger's one writer. A batch and its cursor are one transaction. */
export class SqliteWriter implements Writer {
  readonly #db: DatabaseSync
  readonly #transactions: Transactions
  readonly #lock: Disposable
  readonly #assertSpace: () => void
  readonly #names: Names
  readonly #people: People
  readonly #records: Records
  readonly #grants: Grants
  readonly #events: Events
  readonly #questions: Questions
  readonly #histogram: XpHistogram
  readonly #top: TopRows
  readonly #samples: Samples
  readonly #sql: Statements
  /**
   * When to empty the write-ahead log of erased data, by `performance.now()`; undefined where it holds none. At once at first,
   * since a killed writer may have left some.
   */
  #eraseAtMs: number | undefined = 0
  readonly #totals: { records: number; events: number; experience: number }

  /** Must run inside a transaction of `transactions`, so the caches that it fills agree with the file. */
  constructor({ db, transactions, lock, assertSpace }: WriterOptions) {
    this.#db = db
    this.#transactions = transactions
    this.#lock = lock
    this.#assertSpace = assertSpace
    this.#sql = prepare(db)
    const totals = this.#sql.totals.get() as Record<string, number>
    this.#totals = {
      records: Number(totals.records),
      events: Number(totals.events),
      experience: Number(totals.experience),
    }
    this.#names = new Names(db)
    this.#people = new People(db, this.#names, Number(totals.next_actor))
    this.#records = new Records(db, this.#names, this.#people)
    const ids = { nextId: Number(totals.next_event), oldestId: Number(totals.oldest_event) }
    this.#grants = new Grants(db, this.#names)
    this.#events = new Events(db, this.#names, ids)
    this.#questions = new Questions(db, this.#names, Number(totals.next_question))
    this.#histogram = new XpHistogram(db, {
      characters: Number(totals.characters),
      introductions: Number(totals.introductions),
    })
    this.#top = new TopRows(db, Number(totals.board_above))
    this.#samples = new Samples(db)
    this.#refillBoard()
  }

  readonly gatherMs = 100

  /** Never aborts: the file is not divided into shards. */
  readonly moved = new AbortController().signal

  owns(): boolean {
    return true
  }

  /** Always empty: a file is owned as a whole, or cannot be opened. */
  faults(): readonly string[] {
    return []
  }

  async cursor(): Promise<Cursor | undefined> {
    const row = this.#sql.cursor.get()
    if (row === undefined) return undefined
    return { host: String(row.host), wire: String(row.wire), value: Number(row.value), at: Number(row.at) }
  }

  async load({ records, whole, grants, handles }: Touched): Promise<Known> {
    const found = new Map<Did, Map<RecordPath, RecordState>>()
    const keep = (id: RecordId, state: RecordState) =>
      found.getOrInsertComputed(id.did, () => new Map()).set(pathOf(id), state)
    for (const id of records) {
      const row = this.#people.find(id.did)
      const state = row && this.#records.find(row, id.collection, id.rkey)
      if (state !== undefined) keep(id, state)
    }
    const all = new Map<Did, [RecordId, RecordState][]>()
    for (const did of whole) {
      const row = this.#people.find(did)
      const stored = row === undefined ? [] : [...this.#records.of(row)]
      all.set(did, stored)
      for (const [id, state] of stored) keep(id, state)
    }
    const granted = new Map<Did, ReadonlyMap<Day, Granted>>()
    for (const [did, days] of grants) {
      const row = this.#people.find(did)
      if (row !== undefined) granted.set(did, this.#grants.on(row, days, found.get(did)?.values() ?? []))
    }
    for (const did of whole) {
      const row = this.#people.find(did)
      if (row !== undefined) granted.set(did, this.#grants.of(row))
    }
    const owners = new Map<Handle, Did>()
    for (const handle of handles) {
      const owner = this.#sql.owner.get(handle)
      if (owner !== undefined) owners.set(handle, owner.did as Did)
    }
    return {
      actor: (did) => this.#people.find(did)?.state,
      record: (id) => found.get(id.did)?.get(pathOf(id)),
      ownerOf: (handle) => owners.get(handle),
      records: (did) => all.get(did) ?? [],
      granted: (did) => granted.get(did) ?? NOTHING_GRANTED,
    }
  }

  async commit(changes: Changes, cursor: Cursor | undefined): Promise<void> {
    this.#assertSpace()
    const actors = [...changes.actors.values()]
    const forgets = actors.some(({ erase }) => erase)
    const erases = forgets || actors.some(({ purge, profile }) => purge || profile === null)
    const write = (): void => {
      for (const change of changes.actors.values()) this.#write(change)
      for (const wish of changes.fulfilled) this.#sql.fulfil.run(Number(wish))
      this.#histogram.save()
      this.#questions.save()
      this.#top.save()
      if (cursor !== undefined) this.#sql.saveCursor.run(cursor.host, cursor.wire, cursor.value, cursor.at)
      this.#saveTotals()
    }
    await this.#transactions.run(write, { overwrites: erases })
    if (erases) this.#eraseWithin(forgets ? 0 : ERASE_WITHIN_MS)
    this.#eraseLog()
  }

  async questions(kind: QuestionKind, limit: number, except: ReadonlySet<string>, now: Seconds) {
    const { questions, stale } = this.#questions.list(kind, limit, except, now)
    if (stale.length > 0) {
      await this.#transactions.run(() => {
        for (const question of stale) this.#questions.answered(question)
        this.#questions.save()
      })
    }
    return questions
  }

  async wishes(limit: number): Promise<Wish[]> {
    return this.#sql.wishes
      .all(limit)
      .map(({ id, kind, did, at }) =>
        wishOf(kind as Wish['kind'], { wish: String(id), did: did as Did, at: Number(at) }),
      )
  }

  async prune(expiry: Expiry, limit: number): Promise<number> {
    return this.#transactions.run(() => {
      const gone = this.#events.prune(expiry, limit)
      this.#totals.events -= gone
      if (gone > 0) this.#saveTotals()
      return gone
    })
  }

  async people(after: Did | undefined, limit: number): Promise<Did[]> {
    return this.#sql.people.all(after ?? '', limit).map((row) => row.did as Did)
  }

  async bindRules(fingerprint: string): Promise<void> {
    await this.#transactions.run(() => {
      bindRules(this.#db, fingerprint)
      this.#refillBoard()
    })
  }

  async recordGap({ host, from, to, reason, at }: Gap): Promise<void> {
    await this.#transactions.run(() => this.#sql.saveGap.run(host, from, to ?? null, reason, at))
  }

  async followed(): Promise<(Followed | undefined)[]> {
    const row = this.#sql.followed.get()
    return [row === undefined ? undefined : (JSON.parse(String(row.json)) as Followed)]
  }

  async follow({ now, gaps }: Parameters<Writer['follow']>[0]): Promise<void> {
    await this.#transactions.run(() => {
      for (const { host, from, to, reason, at } of gaps)
        this.#sql.saveGap.run(host, from, to ?? null, reason, at)
      this.#sql.saveFollowed.run(JSON.stringify(now))
    })
  }

  async beat({ at, lag, host }: Heartbeat): Promise<void> {
    await this.#transactions.run(() => this.#sql.savePulse.run(at, lag, host ?? null))
    this.#eraseLog()
  }

  lastBeat(heartbeat: Heartbeat): Promise<void> {
    return this.beat(heartbeat)
  }

  async recordSample({ at, networkBytes }: { at: Micros; networkBytes: number }): Promise<void> {
    const sample = { at, events: this.#events.nextId - 1, networkBytes }
    await this.#transactions.run(() => this.#samples.record(sample))
  }

  async [Symbol.asyncDispose](): Promise<void> {
    if (!this.#db.isOpen) return
    try {
      // SQLite does not delete the log while readers are connected; emptied, it at least takes no room.
      this.#transactions.emptyLog()
    } finally {
      this.#db.close()
      this.#lock[Symbol.dispose]()
    }
  }

  #write(change: ActorChange): void {
    const { actor } = change
    const row = this.#people.row(actor.did)
    const before = row.state
    if (change.purge) this.#purge(row)
    if (change.erase) this.#records.eraseMentions(row.id)
    for (const record of change.records.values()) {
      this.#records.put(row, kindOf(row, record.id.collection), record)
      if (record.created) this.#totals.records += 1
    }
    for (const [day, granted] of change.granted) this.#grants.put(row, day, granted)
    for (const event of change.events) this.#events.append(row, kindOf(row, event.collection), event)
    for (const [collection, kind] of row.kinds) kind.live = actor.counts.get(collection) ?? 0
    row.state = actor
    this.#people.save(row)

    // In this order: a new question may take over the pause of the one that it replaces (`startOf`).
    for (const question of change.answered) this.#questions.answered(question)
    for (const question of change.postponed) this.#questions.postpone(question)
    for (const question of change.asked) this.#questions.ask(row.id, question)
    if (change.profile !== undefined) this.#saveProfile(row.id, change.profile)
    if (change.unnamed !== undefined) this.#sql.dropHandle.run(change.unnamed, row.id)
    this.#totals.events += change.events.length
    this.#totals.experience += actor.experience - before.experience
    const [from, to] = [visibilityOf(before), visibilityOf(actor)]
    this.#histogram.changeVisibility(from, to)
    const had = from === SHOWN ? before.experience : undefined
    const has = to === SHOWN ? actor.experience : undefined
    if (had === has) return
    this.#histogram.move(had, has)
    this.#top.place(row.id, has)
  }

  /** Refills the board where many have left it. Runs at the start and after a recompute, since it reads all characters. */
  #refillBoard(): void {
    if (!this.#top.refillIfShort()) return
    this.#top.save()
    this.#saveTotals()
  }

  /** Has the log emptied within `ms`, or earlier where that was to be anyway. */
  #eraseWithin(ms: number): void {
    this.#eraseAtMs = Math.min(this.#eraseAtMs ?? Number.POSITIVE_INFINITY, performance.now() + ms)
  }

  /** Erased rows stay in old pages of the log until it is emptied. While a reader needs it, the next call tries again. */
  #eraseLog(): void {
    if (this.#eraseAtMs === undefined || performance.now() < this.#eraseAtMs) return
    if (this.#transactions.emptyLog()) this.#eraseAtMs = undefined
  }

  #purge(row: ActorRow): void {
    this.#totals.records -= this.#records.purge(row)
    this.#totals.events -= this.#events.purge(row)
    this.#grants.purge(row)
    this.#questions.purge(row.id)
    this.#sql.dropProfile.run(row.id)
    this.#sql.dropPruned.run(row.id)
    row.kinds.clear()
  }

  #saveProfile(actor: number, profile: Profile | null): void {
    if (profile === null) {
      this.#sql.dropProfile.run(actor)
      return
    }
    const { handle, displayName, avatar, asked } = profile
    this.#sql.saveProfile.run(actor, handle ?? null, displayName ?? null, avatar ?? null, asked)
  }

  #saveTotals(): void {
    const { records, events, experience } = this.#totals
    const { characters, introductions } = this.#histogram
    const ids = [this.#people.nextId, this.#events.nextId, this.#events.oldestId, this.#questions.nextId]
    this.#sql.saveTotals.run(characters, introductions, records, events, experience, ...ids, this.#top.above)
  }
}

/** Stores that these rules award from the next event on. */
export function bindRules(db: DatabaseSync, fingerprint: string): void {
  db.prepare('INSERT INTO rulebooks (fingerprint, first_event) SELECT ?, next_event FROM totals').run(
    fingerprint,
  )
}

type Statements = ReturnType<typeof prepare>

function prepare(db: DatabaseSync) {
  const sql = (text: string): StatementSync => db.prepare(text)
  return {
    totals: sql('SELECT * FROM totals'),
    saveTotals: sql(
      `UPDATE totals SET characters = ?, introductions = ?, records = ?, events = ?, experience = ?,
         next_actor = ?, next_event = ?, oldest_event = ?, next_question = ?, board_above = ?`,
    ),
    cursor: sql('SELECT host, wire, value, at FROM cursor'),
    saveCursor: sql('INSERT OR REPLACE INTO cursor (id, host, wire, value, at) VALUES (1, ?, ?, ?, ?)'),
    wishes: sql('SELECT id, kind, did, at FROM inbox ORDER BY id LIMIT ?'),
    fulfil: sql('DELETE FROM inbox WHERE id = ?'),
    people: sql('SELECT did FROM actors WHERE did > ? ORDER BY did LIMIT ?'),
    saveGap: sql('INSERT INTO gaps (host, began, ended, reason, at) VALUES (?, ?, ?, ?, ?)'),
    followed: sql('SELECT json FROM followed'),
    saveFollowed: sql('INSERT OR REPLACE INTO followed (id, json) VALUES (1, ?)'),
    savePulse: sql('INSERT OR REPLACE INTO pulse (id, at, lag, host) VALUES (1, ?, ?, ?)'),
    dropPruned: sql('UPDATE actors SET pruned_xp = 0 WHERE id = ?'),
    dropProfile: sql('DELETE FROM profiles WHERE actor = ?'),
    dropHandle: sql('UPDATE profiles SET handle = NULL WHERE handle = ? AND actor = ?'),
    owner: sql('SELECT a.did FROM profiles p JOIN actors a ON a.id = p.actor WHERE p.handle = ?'),
    saveProfile: sql(
      'INSERT OR REPLACE INTO profiles (actor, handle, display_name, avatar, asked) VALUES (?, ?, ?, ?, ?)',
    ),
  }
}

function kindOf(row: ActorRow, collection: Nsid): Kind {
  return row.kinds.getOrInsertComputed(collection, () => ({
    live: 0,
    lastEvent: 0,
    lastRecord: undefined,
    greatest: undefined,
  }))
}
