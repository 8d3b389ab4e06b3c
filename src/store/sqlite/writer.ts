import type { DatabaseSync, StatementSync } from 'node:sqlite'
import type { Did } from '@atcute/lexicons/syntax'
import type { Cursor, Micros } from '../../atproto/event.ts'
import type { Followed } from '../../game/followed.ts'
import type { RecordsPart, Wish } from '../../game/operation.ts'
import type { AskedQuestion, PersonQuestion, QuestionKind } from '../../game/question.ts'
import type { Changes, Known } from '../../game/state.ts'
import type { Seconds } from '../../game/time.ts'
import type { Touched } from '../../game/touched.ts'
import { DayIndex, type Indexed } from '../day-index.ts'
import type { Expiry } from '../expired.ts'
import type { WriterMeasures } from '../measures.ts'
import type { NewGap, Reconciliation, ReconciliationStep } from '../reconciliation.ts'
import type { MovePlace, RulesState, UnmovedPerson } from '../rules.ts'
import type { FoldTimes, SlicedFold } from '../slices.ts'
import type { Gap, Heartbeat } from '../status.ts'
import type { FollowChange, RecordPage, Writer } from '../store.ts'
import { wishOf } from '../stored-wish.ts'
import { apply } from './apply.ts'
import { CursorRow } from './cursor.ts'
import { Erasure } from './erasure.ts'
import { load } from './load.ts'
import { ReconciliationRow } from './reconciliation-row.ts'
import { bindRules, Rulebooks } from './rulebooks.ts'
import { Samples } from './samples.ts'
import { Tables } from './tables.ts'
import type { Transactions } from './transactions.ts'

/** As many as a processor's cache of a megabyte or two holds, with all that is loaded and decided for them. */
const SLICE_OPERATIONS = 1_000

export type WriterOptions = {
  db: DatabaseSync
  transactions: Transactions
  lock: Disposable
  /** Whether everybody is placed on the boards of periods anew, as in a recompute. */
  placesAnew: boolean
  /** Called before a batch is written; throws where the disk is too full. */
  assertSpace: () => void
  /** Bytes that may still be written to the file's disk; `undefined` where that cannot be told. */
  freeBytes: () => number | undefined
}

/** The ledger's one writer. A batch and its cursor are one transaction. */
export class SqliteWriter implements Writer {
  readonly #db: DatabaseSync
  readonly #transactions: Transactions
  readonly #lock: Disposable
  readonly #assertSpace: () => void
  readonly #freeBytes: () => number | undefined
  readonly #tables: Tables
  readonly #cursor: CursorRow
  readonly #samples: Samples
  readonly #erasure: Erasure
  readonly #rulebooks: Rulebooks
  readonly #reconciliation: ReconciliationRow
  readonly #dayIndex = new DayIndex()
  readonly #sql: Statements

  /** Must run inside a transaction of `transactions`; see `Tables`. */
  constructor({ db, transactions, lock, placesAnew, assertSpace, freeBytes }: WriterOptions) {
    this.#db = db
    this.#transactions = transactions
    this.#lock = lock
    this.#assertSpace = assertSpace
    this.#freeBytes = freeBytes
    this.#sql = prepare(db)
    this.#tables = new Tables(db)
    this.#cursor = new CursorRow(db)
    this.#samples = new Samples(db)
    this.#rulebooks = new Rulebooks(db)
    this.#reconciliation = new ReconciliationRow(db, this.#tables)
    this.#erasure = new Erasure(() => transactions.emptyLog())
    if (placesAnew) this.#tables.boards.clear()
    this.#tables.refillBoards()
  }

  readonly batchWindowMs = 100

  /** Never aborts: the file is not divided into shards. */
  readonly moved = new AbortController().signal

  owns(): boolean {
    return true
  }

  leaseOf(): object {
    return this
  }

  /** Always empty: a file is owned as a whole, or cannot be opened. */
  faults(): readonly string[] {
    return []
  }

  measures(): WriterMeasures {
    return {
      shards: { owned: 1, of: 1 },
      handovers: { taken: 0, released: 0, lost: 0 },
      journalBatches: 0,
      requests: {},
      retries: this.#transactions.retries,
      freeBytes: this.#freeBytes(),
    }
  }

  async cursor(): Promise<Cursor | undefined> {
    return this.#cursor.read()
  }

  async begin(cursor: Cursor): Promise<void> {
    await this.#transactions.run(() => {
      if (this.#cursor.read() === undefined) this.#cursor.save(cursor)
    })
  }

  async load(touched: Touched): Promise<Known> {
    return this.#transactions.read(() => this.#load(touched))
  }

  async commit(changes: Changes, cursor: Cursor | undefined): Promise<void> {
    this.#assertSpace()
    await this.#transactions.run(() => {
      this.#store(changes)
      this.#finish(cursor)
    })
    this.#erasure.run()
  }

  readonly sliced: SlicedFold = {
    operations: SLICE_OPERATIONS,
    fold: async (slices, cursor) => {
      this.#assertSpace()
      const times: FoldTimes = { loadSeconds: 0, commitSeconds: 0 }
      let lastMs = performance.now()
      const lap = (what: keyof FoldTimes | undefined): void => {
        const nowMs = performance.now()
        if (what !== undefined) times[what] += (nowMs - lastMs) / 1_000
        lastMs = nowMs
      }
      await this.#transactions.run(() => {
        // The wait for the file's write lock.
        lap('commitSeconds')
        for (const { touched, decide } of slices) {
          lap(undefined)
          const known = this.#load(touched)
          lap('loadSeconds')
          const changes = decide(known)
          lap(undefined)
          this.#store(changes)
          lap('commitSeconds')
        }
        this.#finish(cursor)
      })
      lap('commitSeconds')
      this.#erasure.run()
      return times
    },
  }

  async questions(kind: QuestionKind, limit: number, except: ReadonlySet<string>, now: Seconds) {
    const { questions } = this.#tables
    const found = questions.list(kind, limit, except, now)
    if (found.stale.length > 0) {
      await this.#transactions.run(() => {
        for (const question of found.stale) questions.answered(question)
        questions.save()
      })
    }
    return found.questions
  }

  async questionsAbout(kind: PersonQuestion['kind'], dids: readonly Did[]): Promise<AskedQuestion[]> {
    const { people, questions } = this.#tables
    return dids.flatMap((did) => {
      const person = people.find(did)
      return (person === undefined ? undefined : questions.about(person.id, did, kind)) ?? []
    })
  }

  async records(did: Did, after: string | undefined, limit: number): Promise<RecordPage> {
    const { people, records } = this.#tables
    const person = people.find(did)
    return person === undefined ? { records: [], next: undefined } : records.page(person, after, limit)
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
      const gone = this.#tables.events.prune(expiry, limit)
      this.#tables.totals.events -= gone
      if (gone > 0) this.#tables.save()
      return gone
    })
  }

  async people(after: Did | undefined, limit: number): Promise<Did[]> {
    return this.#sql.people.all(after ?? '', limit).map((row) => row.did as Did)
  }

  async bindRules(fingerprint: string): Promise<void> {
    await this.#transactions.run(() => {
      bindRules(this.#db, { fingerprint, titles: undefined })
      this.#tables.moves.abandon()
      this.#tables.refillBoards()
    })
  }

  async takeUpRules(at: Micros): Promise<RulesState> {
    const { moves, events } = this.#tables
    if (this.#rulebooks.wanted() === undefined) return this.#rulebooks.state()
    return this.#transactions.run(() => {
      moves.takeUp({ at, nextEvent: events.nextId, oldestEvent: events.oldestId })
      return this.#rulebooks.state()
    })
  }

  async unmoved(limit: number): Promise<UnmovedPerson[]> {
    const { moves, people, records } = this.#tables
    return moves.next(limit).map((person) => ({
      ...person,
      count: (max: number): number => {
        const row = people.find(person.did)
        return row === undefined ? 0 : records.count(row, max)
      },
    }))
  }

  async indexDays(did: Did, part: RecordsPart): Promise<boolean> {
    const { people, records } = this.#tables
    return this.#dayIndex.read(this.#indexed(did, part), (from) => {
      const row = people.find(did)
      return row === undefined ? { records: [], next: undefined } : records.days(row, { ...part, from })
    })
  }

  async commitMoved(changes: Changes, { after, part }: MovePlace): Promise<void> {
    this.#assertSpace()
    const { people, moves, events } = this.#tables
    const reached = Math.max(...[after, part?.did].map((did) => (did === undefined ? 0 : people.idOf(did))))
    await this.#transactions.run(() => {
      moves.advance({ reached, part: part?.from, nextEvent: events.nextId })
      for (const change of changes.actors.values()) apply(this.#tables, change)
      this.#tables.save()
    })
    // Nobody is half moved by day any more: their days need no more memory.
    if (part === undefined) this.#dayIndex.clear()
  }

  async endMove(): Promise<void> {
    this.#dayIndex.clear()
    await this.#transactions.run(() => {
      this.#tables.moves.end(this.#tables.events.nextId)
      this.#tables.refillBoards()
    })
  }

  async recordGap(gap: Gap): Promise<void> {
    await this.#transactions.run(() => this.#saveGap(gap))
  }

  async queueReconciliation(gap: NewGap): Promise<void> {
    await this.#transactions.run(() => this.#reconciliation.queue(gap))
  }

  async reconciliation(): Promise<Pick<Reconciliation, 'since' | 'after'> | undefined> {
    return this.#reconciliation.open()
  }

  async beginReconciliation(): Promise<Pick<Reconciliation, 'since' | 'latest' | 'after'> | undefined> {
    return this.#transactions.run(() => this.#reconciliation.begin())
  }

  async unreconciled(after: Did | undefined, limit: number): Promise<Did[]> {
    return this.#reconciliation.next(after, limit)
  }

  async reconciled(step: ReconciliationStep): Promise<void> {
    await this.#transactions.run(() => this.#reconciliation.moveOn(step))
  }

  async endReconciliation(at: Micros): Promise<void> {
    await this.#transactions.run(() => this.#reconciliation.end(at))
  }

  async followed(): Promise<(Followed | undefined)[]> {
    const row = this.#sql.followed.get()
    return [row === undefined ? undefined : (JSON.parse(String(row.json)) as Followed)]
  }

  async follow({ now, gaps, missed }: FollowChange): Promise<void> {
    await this.#transactions.run(() => {
      if (missed !== undefined) this.#reconciliation.queue(missed)
      for (const gap of gaps) this.#saveGap(gap)
      this.#sql.saveFollowed.run(JSON.stringify(now))
    })
  }

  async heard(): Promise<Micros | undefined> {
    const row = this.#sql.pulse.get()
    return row === undefined ? undefined : Number(row.at)
  }

  async beat({ at, lag, host }: Heartbeat): Promise<void> {
    await this.#transactions.run(() => this.#sql.savePulse.run(at, lag, host ?? null))
    this.#erasure.run()
  }

  lastBeat(heartbeat: Heartbeat): Promise<void> {
    return this.beat(heartbeat)
  }

  async recordSample({ at, networkBytes }: { at: Micros; networkBytes: number }): Promise<void> {
    const sample = { at, events: this.#tables.events.nextId - 1, networkBytes }
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

  #load(touched: Touched): Known {
    return load(this.#tables, touched, (did, part) => this.#dayIndex.page(this.#indexed(did, part), part))
  }

  /** Writes changes. Must run inside a transaction that ends with `#finish`. */
  #store(changes: Changes): void {
    const actors = [...changes.actors.values()]
    const forgets = actors.some(({ erase }) => erase)
    const erases = forgets || actors.some(({ purge, profile }) => purge || profile === null)
    if (erases) this.#transactions.overwriteFreed()
    for (const change of actors) apply(this.#tables, change)
    for (const wish of changes.fulfilled) this.#sql.fulfil.run(Number(wish))
    this.#dayIndex.note(changes)
    if (forgets) this.#erasure.requireNow()
    else if (erases) this.#erasure.requireSoon()
  }

  #finish(cursor: Cursor | undefined): void {
    this.#tables.save()
    if (cursor !== undefined) this.#cursor.save(cursor)
  }

  #indexed(did: Did, { collections }: RecordsPart): Indexed {
    return { did, collections, lease: this }
  }

  #saveGap({ host, from, to, reason, at }: Gap): void {
    this.#sql.saveGap.run(host, from, to ?? null, reason, at)
  }
}

type Statements = ReturnType<typeof prepare>

function prepare(db: DatabaseSync) {
  const sql = (text: string): StatementSync => db.prepare(text)
  return {
    wishes: sql('SELECT id, kind, did, at FROM inbox ORDER BY id LIMIT ?'),
    fulfil: sql('DELETE FROM inbox WHERE id = ?'),
    people: sql('SELECT did FROM actors WHERE did > ? ORDER BY did LIMIT ?'),
    saveGap: sql('INSERT INTO gaps (host, began, ended, reason, at) VALUES (?, ?, ?, ?, ?)'),
    followed: sql('SELECT json FROM followed'),
    saveFollowed: sql('INSERT OR REPLACE INTO followed (id, json) VALUES (1, ?)'),
    pulse: sql('SELECT at FROM pulse'),
    savePulse: sql('INSERT OR REPLACE INTO pulse (id, at, lag, host) VALUES (1, ?, ?, ?)'),
  }
}
