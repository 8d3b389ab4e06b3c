import type { Cursor, Did, Micros } from '../../atproto/event.ts'
import type { Followed } from '../../game/followed.ts'
import type { RecordsPart, Wish } from '../../game/operation.ts'
import type { AskedQuestion, PersonQuestion, QuestionId, QuestionKind } from '../../game/question.ts'
import type { Changes, Known } from '../../game/state.ts'
import type { Seconds } from '../../game/time.ts'
import type { Touched } from '../../game/touched.ts'
import { DayIndex, type Indexed } from '../day-index.ts'
import type { StoreLog } from '../driver.ts'
import type { Expiry } from '../expired.ts'
import type { Restorer } from '../export/ledger-copy.ts'
import type { WriterMeasures } from '../measures.ts'
import type { NewGap, Reconciliation, ReconciliationStep } from '../reconciliation.ts'
import type { MovePlace, RulesState, UnmovedPerson } from '../rules.ts'
import type { Gap, Heartbeat } from '../status.ts'
import { type FollowChange, type Inbox, type RecordPage, StoreError, type Writer } from '../store.ts'
import type { ServerClock } from './driver/server-clock.ts'
import type { Session } from './driver/session.ts'
import { heartbeatOf, SELECT_HEARTBEATS, writeHeartbeats } from './rows/heartbeats.ts'
import type { Meta } from './rows/meta.ts'
import type { RuleVersions } from './rows/rule-versions.ts'
import { Beginning } from './shards/beginning.ts'
import type { ShardAssignment } from './shards/shard-assignment.ts'
import { planFor } from './writing/batch-plan.ts'
import { Counters } from './writing/counters.ts'
import { FollowedByShard } from './writing/followed.ts'
import { InboxWork } from './writing/inbox-work.ts'
import { Looks } from './writing/looks.ts'
import { Moving } from './writing/moving.ts'
import { ownPeople } from './writing/own-people.ts'
import { type Loaded, People } from './writing/people.ts'
import { type BatchParts, planBatches } from './writing/plan-batches.ts'
import { Pruning } from './writing/prune.ts'
import { QuestionWork } from './writing/question-work.ts'
import { Reconciling } from './writing/reconciling.ts'
import { recordPage } from './writing/record-page.ts'
import { readDaysCounted } from './writing/records-part.ts'
import { CqlRestorer, type CqlRestorerOptions } from './writing/restorer.ts'
import { Samples } from './writing/samples.ts'
import { ShardCommits } from './writing/shard-commits.ts'

export type CqlWriterOptions = {
  session: Session
  assignment: ShardAssignment
  /** Remembers where the stream begins, and whom each shard follows. */
  meta: Meta
  /** Whether other workers write beside this one, and shards change hands. */
  shares: boolean
  versions: RuleVersions
  /** The rules as they were when the ledger was opened. */
  rules: RulesState
  bindRules: (fingerprint: string) => Promise<void>
  clock: ServerClock
  log: StoreLog
  /** A clock that only goes forward, in milliseconds. */
  elapsedMs: () => number
  /** How long changes of counters are gathered, in milliseconds. */
  countersMs: number
}

const GAP = 'INSERT INTO gaps (part, at, host, began, ended, reason) VALUES (0, ?, ?, ?, ?, ?)'

/** Writes the shards that this worker owns. */
export class CqlWriter implements Writer {
  /** A commit is a conditional write for each shard, which is what a lease wants once in a while anyway. */
  readonly batchWindowMs = 1_000
  readonly #options: CqlWriterOptions
  readonly #session: Session
  readonly #assignment: ShardAssignment
  readonly #people: People
  readonly #beginning: Beginning
  readonly #followed: FollowedByShard
  readonly #counters: Counters
  readonly #commits: ShardCommits
  readonly #batchParts: BatchParts
  readonly #questionWork: QuestionWork
  readonly #inboxWork: InboxWork
  readonly #looks: Looks
  readonly #pruning: Pruning
  readonly #samples: Samples
  readonly #parts: Omit<CqlRestorerOptions, 'writer' | 'inbox' | 'bindVersions'>
  readonly #moving: Moving
  readonly #reconciling: Reconciling
  readonly #dayIndex = new DayIndex()
  #moved = new AbortController()
  #loaded: Loaded | undefined
  #closed = false

  constructor(options: CqlWriterOptions) {
    const { session, assignment, meta, shares, clock, countersMs } = options
    const { shards } = assignment
    const owns = (did: Did): boolean => this.owns(did)
    const moving = new Moving({ session, assignment, versions: options.versions, state: options.rules })
    const people = new People(session, {
      owns,
      isMoved: (did, character) => moving.isMoved(did, character),
      findDays: (did, part) => this.#dayIndex.page(this.#indexed(did, part), part),
    })
    this.#moving = moving
    this.#options = options
    this.#session = session
    this.#assignment = assignment
    this.#people = people
    this.#beginning = new Beginning(meta)
    this.#followed = new FollowedByShard(meta, assignment)
    this.#counters = new Counters({ session, people, shards, owns, gatherMs: countersMs })
    this.#commits = new ShardCommits({ assignment, people, counters: this.#counters, shares })
    const commit = this.#commits.commitOne
    const recount = (did: Did): void => this.#counters.doubt(did)
    this.#reconciling = new Reconciling({ session, assignment, commit })
    this.#questionWork = new QuestionWork({ session, assignment, people, commit })
    this.#inboxWork = new InboxWork({ ...options, people, commit, recount })
    this.#batchParts = {
      session,
      assignment,
      handles: { session, clock, owns },
      inboxWork: this.#inboxWork,
      versionOf: (did, character) => moving.versionOf(did, character),
    }
    this.#looks = new Looks({ session, clock, owns })
    this.#pruning = new Pruning({ session, people, commit })
    this.#samples = new Samples(session, assignment.worker)
    const { counters, commits, batchParts } = {
      counters: this.#counters,
      commits: this.#commits,
      batchParts: this.#batchParts,
    }
    this.#parts = { assignment, people, counters, commits, batchParts }
  }

  get moved(): AbortSignal {
    return this.#moved.signal
  }

  owns(did: Did): boolean {
    return this.#assignment.ownedOf(did) !== undefined
  }

  leaseOf(did: Did): object | undefined {
    return this.#assignment.ownedOf(did)
  }

  faults(): readonly string[] {
    return [...this.#assignment.damaged.values()]
  }

  measures(): WriterMeasures {
    const { owned, shards, handovers, batches } = this.#assignment
    return {
      shards: { owned: owned.size, of: shards },
      handovers: { ...handovers },
      journalBatches: batches,
      requests: { ...this.#session.traffic },
      retries: this.#session.retries.count,
      freeBytes: undefined,
    }
  }

  /** The stream begins anew at this cursor. */
  async cursor(): Promise<Cursor | undefined> {
    this.#assertOpen()
    return this.#commits.restart(await this.#beginning.read())
  }

  async begin(cursor: Cursor): Promise<void> {
    this.#assertOpen()
    const isBehind = this.#commits.begin(cursor, await this.#beginning.decide(cursor))
    if (isBehind) this.#beginAnew()
  }

  /** The journal takes a batch as a whole, and a request for many people costs less than one for each slice of them. */
  readonly sliced = undefined

  async load(touched: Touched): Promise<Known> {
    this.#assertOpen()
    this.#loaded = await this.#people.load(touched)
    return this.#loaded.known
  }

  async commit(changes: Changes, cursor: Cursor | undefined): Promise<void> {
    this.#assertOpen()
    const takes = this.#commits.takersOf(cursor)
    const parts = this.#batchParts
    const { plans, notes, events } = await planBatches(parts, changes, { loaded: this.#loaded, takes })
    this.#samples.countEvents(events)
    if (cursor === undefined) await this.#commits.commit(plans)
    else await this.#commits.deliver(plans, cursor, takes)
    this.#dayIndex.note(changes)
    this.#looks.done(changes.fulfilled)
    await this.#inboxWork.runFor(notes)
  }

  async questions(
    kind: QuestionKind,
    limit: number,
    except: ReadonlySet<QuestionId>,
    now: Seconds,
  ): Promise<AskedQuestion[]> {
    this.#assertOpen()
    return this.#questionWork.next({ kind, limit, except, now })
  }

  async questionsAbout(kind: PersonQuestion['kind'], dids: readonly Did[]): Promise<AskedQuestion[]> {
    this.#assertOpen()
    return this.#questionWork.about(kind, dids)
  }

  async records(did: Did, after: string | undefined, limit: number): Promise<RecordPage> {
    this.#assertOpen()
    const character = await this.#people.one(did)
    if (character === undefined) return { records: [], next: undefined }
    return recordPage(this.#session, character, { after, limit })
  }

  async wishes(limit: number): Promise<Wish[]> {
    this.#assertOpen()
    const wishes = await Promise.all(
      [...this.#assignment.owned.keys()].map((shard) => this.#inboxWork.run(shard, limit)),
    )
    const first = wishes.flat().slice(0, limit)
    return first.length === limit ? first : [...first, ...(await this.#looks.open(limit - first.length))]
  }

  async prune(expiry: Expiry, limit: number): Promise<number> {
    this.#assertOpen()
    let dropped = 0
    for (const owned of this.#assignment.owned.values()) {
      dropped += await this.#pruning.prune(owned, expiry, limit - dropped)
    }
    return dropped
  }

  async people(after: Did | undefined, limit: number): Promise<Did[]> {
    this.#assertOpen()
    return ownPeople(this.#session, (did) => this.owns(did), { after, limit })
  }

  async bindRules(fingerprint: string): Promise<void> {
    this.#assertOpen()
    await this.#options.bindRules(fingerprint)
    const { assignment } = this.#options
    for (const owned of assignment.owned.values()) {
      owned.totals.settle(assignment.version)
      await this.#commits.commitOne(owned, planFor(owned))
    }
  }

  async takeUpRules(at: Micros): Promise<RulesState> {
    this.#assertOpen()
    return this.#moving.takeUp(at)
  }

  async unmoved(limit: number): Promise<UnmovedPerson[]> {
    this.#assertOpen()
    return this.#moving.next(limit, this.#commits.commitOne, (did) => this.#people.one(did))
  }

  async indexDays(did: Did, part: RecordsPart): Promise<boolean> {
    this.#assertOpen()
    const character = await this.#people.one(did)
    return this.#dayIndex.read(this.#indexed(did, part), (from) =>
      readDaysCounted(this.#session, character, { ...part, from }),
    )
  }

  async commitMoved(changes: Changes, place: MovePlace): Promise<void> {
    this.#assertOpen()
    const { version } = this.#assignment
    const parts: BatchParts = { ...this.#batchParts, versionOf: () => version }
    const { plans, events } = await planBatches(parts, changes, { loaded: this.#loaded, takes: () => true })
    this.#samples.countEvents(events)
    this.#moving.advance(plans, place)
    await this.#commits.commit(plans)
    // Nobody is half moved by day any more: their days need no more memory.
    if (place.part === undefined) this.#dayIndex.clear()
  }

  async endMove(): Promise<void> {
    this.#assertOpen()
    this.#dayIndex.clear()
    await this.#moving.end(this.#commits.commitOne)
  }

  async recordGap({ host, from, to, reason, at }: Gap): Promise<void> {
    await this.#session.write(GAP, [at, host, from, to ?? null, reason])
  }

  async queueReconciliation(gap: NewGap): Promise<void> {
    this.#assertOpen()
    await this.#reconciling.queue(gap)
  }

  async reconciliation(): Promise<Pick<Reconciliation, 'since' | 'after'> | undefined> {
    this.#assertOpen()
    return this.#reconciling.open()
  }

  async beginReconciliation(): Promise<Pick<Reconciliation, 'since' | 'latest' | 'after'> | undefined> {
    this.#assertOpen()
    return this.#reconciling.begin()
  }

  async unreconciled(after: Did | undefined, limit: number): Promise<Did[]> {
    this.#assertOpen()
    return this.#reconciling.next(after, limit)
  }

  async reconciled(step: ReconciliationStep): Promise<void> {
    this.#assertOpen()
    await this.#reconciling.moveOn(step)
  }

  async endReconciliation(at: Micros): Promise<void> {
    this.#assertOpen()
    await this.#reconciling.end(at)
  }

  async followed(): Promise<(Followed | undefined)[]> {
    this.#assertOpen()
    return this.#followed.all()
  }

  async follow({ before, now, gaps, missed }: FollowChange): Promise<void> {
    this.#assertOpen()
    if (missed !== undefined) await this.#reconciling.queueIn(await this.#followed.having(before), missed)
    for (const gap of gaps) await this.recordGap(gap)
    await this.#followed.replace(before, now)
  }

  async heard(): Promise<Micros | undefined> {
    this.#assertOpen()
    const rows = await this.#session.readForDecision(SELECT_HEARTBEATS, [])
    return heartbeatOf(rows, this.#assignment.shards)?.at
  }

  async beat(heartbeat: Heartbeat): Promise<void> {
    this.#assertOpen()
    if (this.#options.shares) {
      const before = new Set(this.#assignment.owned.values())
      const taken = await this.#assignment.settle()
      if (taken || this.#assignment.owned.size !== before.size) this.#people.forget()
      if (taken) {
        for (const owned of this.#assignment.owned.values()) {
          if (!before.has(owned)) await this.#counters.takeOver(owned.shard)
        }
        this.#looks.restart()
        // The stream has to begin anew at the cursor of the shards that were taken.
        this.#beginAnew()
      }
    }
    await this.#counters.mend()
    await this.#options.clock.look()
    await this.lastBeat(heartbeat)
  }

  async lastBeat(heartbeat: Heartbeat): Promise<void> {
    this.#assertOpen()
    await writeHeartbeats(this.#session, [...this.#assignment.owned.keys()], heartbeat)
  }

  async recordSample(sample: { at: Micros; networkBytes: number }): Promise<void> {
    await this.#samples.record(sample)
  }

  /** @throws {LeaseLostError} where this worker does not own every shard any more */
  assertOwnsAll(): void {
    this.#assignment.assertAllOwned()
  }

  /** Fills the ledger, which is empty, in place of writing to it; `bindVersions` ends that. */
  restorer(inbox: Inbox, bindVersions: CqlRestorerOptions['bindVersions']): Restorer {
    this.#assertOpen()
    return new CqlRestorer({ ...this.#parts, writer: this, inbox, bindVersions })
  }

  async [Symbol.asyncDispose](): Promise<void> {
    if (this.#closed) return
    this.#closed = true
    // The database may be out of reach: then the release below fails with that reason.
    await this.#counters[Symbol.asyncDispose]().catch(() => {})
    await this.#assignment.release()
  }

  #indexed(did: Did, { collections }: RecordsPart): Indexed {
    return { did, collections, lease: this.leaseOf(did) }
  }

  #beginAnew(): void {
    this.#moved.abort()
    this.#moved = new AbortController()
  }

  #assertOpen(): void {
    if (this.#closed)
      throw new StoreError('this writer has been closed; nothing more can be written with it.')
  }
}
