import type { Cursor, Did, Micros } from '../../atproto/event.ts'
import type { Followed } from '../../game/followed.ts'
import type { Wish } from '../../game/operation.ts'
import type { AskedQuestion, Changes, Known, QuestionId, QuestionKind } from '../../game/state.ts'
import type { Seconds } from '../../game/time.ts'
import type { Touched } from '../../game/touched.ts'
import type { StoreLog } from '../driver.ts'
import type { Expiry } from '../expired.ts'
import { type Gap, type Heartbeat, StoreError, type Writer } from '../store.ts'
import type { ServerClock } from './driver/server-clock.ts'
import type { Session } from './driver/session.ts'
import { type Note, takeOut, wishPlace } from './inbox.ts'
import { shardOf } from './rows/buckets.ts'
import { nobody } from './rows/character-row.ts'
import type { Meta } from './rows/meta.ts'
import { LeaseLostError } from './shards/leases.ts'
import type { OwnedShard, Planned } from './shards/shard.ts'
import type { ShardAssignment } from './shards/shard-assignment.ts'
import { isCovered, leastOf } from './shards/stream-place.ts'
import { type BatchPlan, type CommitPlan, planFor, plannedOf } from './writing/batch-plan.ts'
import { Counters } from './writing/counters.ts'
import { FormerQuestions } from './writing/former-questions.ts'
import { type HandleParts, planHandle } from './writing/handles.ts'
import { InboxWork } from './writing/inbox-work.ts'
import { type Loaded, People } from './writing/people.ts'
import { planActor } from './writing/plan.ts'
import { dropQuestion } from './writing/plan-questions.ts'
import { Pruning } from './writing/prune.ts'
import { countOf, readQuestions } from './writing/questions.ts'
import { Samples } from './writing/samples.ts'
import { tracesOf } from './writing/traces.ts'

export type CqlWriterOptions = {
  session: Session
  assignment: ShardAssignment
  /** Remembers whom each shard follows. */
  meta: Meta
  /** Whether other workers write beside this one, and shards change hands. */
  shares: boolean
  bindRules: (fingerprint: string) => Promise<void>
  clock: ServerClock
  log: StoreLog
  /** A clock that only goes forward, in milliseconds. */
  elapsedMs: () => number
  /** How long changes of counters are gathered, in milliseconds. */
  countersMs: number
}

const NOTHING: Planned = { mutations: [], forgets: false }
/** Items read from the inbox at once where a commit has left notes for this worker itself. */
const NOTES_AT_ONCE = 1_000
const GAP = 'INSERT INTO gaps (part, at, host, began, ended, reason) VALUES (0, ?, ?, ?, ?, ?)'
const HEARTBEAT = 'INSERT INTO pulses (part, shard, at, lag, host) VALUES (0, ?, ?, ?, ?)'
const PEOPLE_FIRST = 'SELECT did FROM characters LIMIT ?'
const PEOPLE_NEXT = 'SELECT did FROM characters WHERE token(did) > token(?) LIMIT ?'

/** Writes the shards that this worker owns. */
export class CqlWriter implements Writer {
  /** A commit is a conditional write for each shard, which is what a lease wants once in a while anyway. */
  readonly gatherMs = 1_000
  readonly #options: CqlWriterOptions
  readonly #session: Session
  readonly #assignment: ShardAssignment
  readonly #people: People
  #moved = new AbortController()
  /** The cursor of the last commit: the next delivery of the stream begins there. */
  #reached: Cursor | undefined
  #loaded: Loaded | undefined
  #closed = false
  readonly #counters: Counters
  readonly #handles: HandleParts
  readonly #formerQuestions: FormerQuestions
  readonly #inboxWork: InboxWork
  readonly #pruning: Pruning
  readonly #samples: Samples

  constructor(options: CqlWriterOptions) {
    const { session, assignment, clock, countersMs } = options
    const owns = (did: Did): boolean => this.owns(did)
    const commit: CommitPlan = (owned, plan) => this.#commitAll(new Map([[owned, plan]]), undefined)
    const people = new People(session, owns)
    this.#options = options
    this.#session = session
    this.#assignment = assignment
    this.#people = people
    this.#handles = { session, clock, owns }
    this.#counters = new Counters({
      session,
      people,
      shards: assignment.shards,
      owns,
      gatherMs: countersMs,
    })
    this.#formerQuestions = new FormerQuestions({ session, people, commit })
    const recount = (did: Did): void => this.#counters.doubt(did)
    this.#inboxWork = new InboxWork({ ...options, people, commit, recount })
    this.#pruning = new Pruning({ session, people, commit })
    this.#samples = new Samples(session, assignment.worker)
  }

  get moved(): AbortSignal {
    return this.#moved.signal
  }

  owns(did: Did): boolean {
    return this.#shardOf(did) !== undefined
  }

  faults(): readonly string[] {
    return [...this.#assignment.damaged.values()]
  }

  /** The stream begins anew at this cursor. */
  async cursor(): Promise<Cursor | undefined> {
    this.#assertOpen()
    this.#reached = leastOf([...this.#assignment.owned.values()].map(({ cursor }) => cursor))
    return this.#reached
  }

  async load(touched: Touched): Promise<Known> {
    this.#assertOpen()
    this.#loaded = await this.#people.load(touched)
    return this.#loaded.known
  }

  async commit(changes: Changes, cursor: Cursor | undefined): Promise<void> {
    this.#assertOpen()
    const plans = new Map<OwnedShard, BatchPlan>()
    const planOf = (shard: OwnedShard): BatchPlan => plans.getOrInsertComputed(shard, () => planFor(shard))
    const notes: Note[] = []
    const covered = this.#coveredBy(cursor)
    for (const [did, change] of changes.actors) {
      const owned = this.#shardOf(did)
      if (owned === undefined || !covered(owned)) continue
      const plan = planOf(owned)
      const character = this.#loaded?.character(did) ?? nobody(did)
      const records = this.#loaded?.records.get(did) ?? new Map()
      planActor(plan, change, { character, records })
      const left: Note[] = []
      if (change.profile !== undefined || change.purge) {
        const profile = change.profile ?? undefined
        const handles = await planHandle(this.#handles, did, { former: character.profile, profile })
        plan.mutations.push(...handles.mutations)
        left.push(...handles.notes)
      }
      if (change.purge) plan.mutations.push(...(await tracesOf(this.#session, owned.shard, character)))
      if (change.erase) {
        left.push({ kind: 'unname-all', did, bucket: 0 })
        plan.forgets = true
      }
      // In the batch that is the reason for them: one that follows may be refused.
      plan.mutations.push(...left.map((note) => this.#inboxWork.leave(note)))
      notes.push(...left)
      this.#samples.countEvents(change.events.length)
    }
    for (const wish of changes.fulfilled) {
      const place = wishPlace(wish)
      const owned = this.#assignment.owned.get(place.shard)
      if (owned !== undefined) planOf(owned).mutations.push(takeOut(place))
    }
    await this.#commitAll(plans, cursor, covered)
    if (cursor !== undefined) this.#reached = cursor
    const own = notes
      .filter(({ did }) => this.owns(did))
      .map(({ did }) => shardOf(did, this.#assignment.shards))
    for (const shard of new Set(own)) await this.#inboxWork.run(shard, NOTES_AT_ONCE)
  }

  async questions(
    kind: QuestionKind,
    limit: number,
    except: ReadonlySet<QuestionId>,
    now: Seconds,
  ): Promise<AskedQuestion[]> {
    this.#assertOpen()
    const questions: AskedQuestion[] = []
    for (const owned of this.#assignment.owned.values()) {
      await this.#formerQuestions.move(owned)
      if (owned.totals.waiting[kind] <= countOf(except, kind, owned.shard)) continue
      const wanted = { kind, limit: limit - questions.length, except, now }
      const found = await readQuestions(this.#session, this.#people, owned, wanted)
      questions.push(...found.questions)
      if (found.stale.length > 0) {
        const plan = planFor(owned)
        for (const place of found.stale) dropQuestion(plan, kind, place)
        await this.#commitAll(new Map([[owned, plan]]), undefined)
      }
      if (questions.length >= limit) break
    }
    return questions
  }

  async wishes(limit: number): Promise<Wish[]> {
    this.#assertOpen()
    const wishes = await Promise.all(
      [...this.#assignment.owned.keys()].map((shard) => this.#inboxWork.run(shard, limit)),
    )
    return wishes.flat().slice(0, limit)
  }

  async prune(expiry: Expiry, limit: number): Promise<number> {
    this.#assertOpen()
    let dropped = 0
    for (const owned of this.#assignment.owned.values()) {
      dropped += await this.#pruning.prune(owned, expiry, limit - dropped)
    }
    return dropped
  }

  /** In the order of tokens, as servers list them; people of other workers are left out. */
  async people(after: Did | undefined, limit: number): Promise<Did[]> {
    this.#assertOpen()
    let last = after
    for (;;) {
      const rows =
        last === undefined
          ? await this.#session.readForDecision(PEOPLE_FIRST, [limit])
          : await this.#session.readForDecision(PEOPLE_NEXT, [last, limit])
      const dids = rows.map(({ did }) => did as Did)
      const own = dids.filter((did) => this.owns(did))
      if (own.length > 0 || dids.length < limit) return own
      last = dids.at(-1)
    }
  }

  async bindRules(fingerprint: string): Promise<void> {
    this.#assertOpen()
    await this.#options.bindRules(fingerprint)
  }

  async recordGap({ host, from, to, reason, at }: Gap): Promise<void> {
    await this.#session.write(GAP, [at, host, from, to ?? null, reason])
  }

  async followed(): Promise<(Followed | undefined)[]> {
    this.#assertOpen()
    const all = await Promise.all([...this.#assignment.owned.keys()].map((shard) => this.#followedIn(shard)))
    return [...new Set(all)].map((json) => (json === undefined ? undefined : (JSON.parse(json) as Followed)))
  }

  async follow({ before, now, gaps }: Parameters<Writer['follow']>[0]): Promise<void> {
    this.#assertOpen()
    for (const gap of gaps) await this.recordGap(gap)
    const former = before === undefined ? undefined : JSON.stringify(before)
    await Promise.all(
      [...this.#assignment.owned.keys()].map(async (shard) => {
        if ((await this.#followedIn(shard)) !== former) return
        await this.#options.meta.set(followedName(shard), JSON.stringify(now))
      }),
    )
  }

  #followedIn(shard: number): Promise<string | undefined> {
    return this.#options.meta.get(followedName(shard))
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
        // The stream has to begin anew at the cursor of the shards that were taken.
        this.#moved.abort()
        this.#moved = new AbortController()
      }
    }
    await this.#counters.mend()
    await this.#options.clock.look()
    await this.lastBeat(heartbeat)
  }

  async lastBeat({ at, lag, host }: Heartbeat): Promise<void> {
    this.#assertOpen()
    await Promise.all(
      [...this.#assignment.owned.keys()].map((shard) =>
        this.#session.write(HEARTBEAT, [shard, at, lag, host ?? null]),
      ),
    )
  }

  async recordSample(sample: { at: Micros; networkBytes: number }): Promise<void> {
    await this.#samples.record(sample)
  }

  async [Symbol.asyncDispose](): Promise<void> {
    if (this.#closed) return
    this.#closed = true
    // The database may be out of reach: then the release below fails with that reason.
    await this.#counters[Symbol.asyncDispose]().catch(() => {})
    await this.#assignment.release()
  }

  /** Where a shard's lease is lost, its plan is dropped: the stream delivers the same to its new owner. */
  async #commitAll(
    plans: ReadonlyMap<OwnedShard, BatchPlan>,
    cursor: Cursor | undefined,
    covered: (owned: OwnedShard) => boolean = () => true,
  ): Promise<void> {
    const shards =
      cursor === undefined ? [...plans.keys()] : [...this.#assignment.owned.values()].filter(covered)
    await Promise.all(
      shards.map(async (owned) => {
        try {
          const plan = plans.get(owned)
          await owned.commit(plan === undefined ? NOTHING : plannedOf(plan), cursor)
          if (plan === undefined) return
          this.#counters.add(plan.counts)
          for (const [did, character] of plan.changed) this.#people.cache(did, character)
        } catch (error) {
          // A command that owns all shards has no other worker to do the same later.
          if (!(error instanceof LeaseLostError) || !this.#options.shares) throw error
          if (this.#assignment.owned.get(owned.shard) === owned) this.#assignment.owned.delete(owned.shard)
          owned.drop()
          this.#people.forget()
        }
      }),
    )
  }

  /**
   * Which shards may take a delivery of the stream. A shard that was taken while the delivery waited for its turn is further
   * back: the delivery would skip what lies between, and comes again when the stream begins anew. A commit without a cursor
   * is no delivery, and concerns every shard.
   */
  #coveredBy(cursor: Cursor | undefined): (owned: OwnedShard) => boolean {
    const from = this.#reached
    return (owned) => cursor === undefined || isCovered(owned.cursor, from)
  }

  #shardOf(did: Did): OwnedShard | undefined {
    const owned = this.#assignment.owned.get(shardOf(did, this.#assignment.shards))
    return owned?.lost ? undefined : owned
  }

  #assertOpen(): void {
    if (this.#closed)
      throw new StoreError('this writer has been closed; nothing more can be written with it.')
  }
}

/** Each shard remembers for itself, since its owner of the time looked through its people. */
function followedName(shard: number): string {
  return `followed:${shard}`
}
