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
import { type InboxItem, type Note, noteMutation, readInbox, takeOut, wishPlace } from './inbox.ts'
import { shardOf } from './rows/buckets.ts'
import { characterMutation, type Held, nobody } from './rows/character-row.ts'
import type { Meta } from './rows/meta.ts'
import type { Mutation } from './rows/mutations.ts'
import { LeaseLostError } from './shards/leases.ts'
import type { OwnedShard, Planned } from './shards/shard.ts'
import type { ShardAssignment } from './shards/shard-assignment.ts'
import { isCovered, leastOf } from './shards/stream-place.ts'
import type { BatchPlan } from './writing/batch-plan.ts'
import { Counters } from './writing/counters.ts'
import { moveFormerQuestions } from './writing/former-questions.ts'
import { type HandleParts, planHandle } from './writing/handles.ts'
import { followNotes } from './writing/notes.ts'
import { type Loaded, People } from './writing/people.ts'
import { planActor } from './writing/plan.ts'
import { dropQuestion } from './writing/plan-questions.ts'
import { forgetDay, lastDay, prunePerson, whoOn } from './writing/prune.ts'
import { countOf, readQuestions } from './writing/questions.ts'
import { tracesOf } from './writing/traces.ts'

export type CqlWriterOptions = {
  session: Session
  assignment: ShardAssignment
  /** Where what each shard follows is remembered. */
  meta: Meta
  /** Whether shards are given to and taken from others while it writes. */
  shares: boolean
  bindRules: (fingerprint: string) => Promise<void>
  clock: ServerClock
  log: StoreLog
  /** A clock that only goes forward, in milliseconds. */
  elapsedMs: () => number
  /** How long changes of counters are gathered, in milliseconds. */
  countersMs: number
}

const NOTHING: Planned = { mutations: [], counts: [], forgets: false }
/** How long a sample lasts, in seconds. */
const SAMPLE_SECONDS = 86_400
/** A day of which only a part is to go is looked through that often. */
const LOOK_THROUGH_EVERY: Micros = 3_600_000_000
/** By then no other worker writes any more what it planned before somebody was forgotten, in milliseconds. */
const OTHERS_KNOW_AFTER_MS = 15_000
const GAP = 'INSERT INTO gaps (part, at, host, began, ended, reason) VALUES (0, ?, ?, ?, ?, ?)'
const HEARTBEAT = 'INSERT INTO pulses (part, shard, at, lag, host) VALUES (0, ?, ?, ?, ?)'
const SAMPLE = `INSERT INTO samples (part, worker, at, events, network_bytes) VALUES (0, ?, ?, ?, ?) USING TTL ${SAMPLE_SECONDS}`
const DROP_SAMPLES = 'DELETE FROM samples WHERE part = 0 AND worker = ?'
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
  /** Up to where the stream has come: what is committed next with a cursor begins there. */
  #reached: Cursor | undefined
  #loaded: Loaded | undefined
  #closed = false
  #events = 0
  #networkBytes = 0
  /** Shards in which no questions of an earlier program are left. */
  readonly #former = new WeakSet<OwnedShard>()
  #sampledAt: Micros = 0
  /** By shard: up to when a day that is not over yet has been looked through. */
  readonly #lookedThrough = new Map<number, Micros>()
  /** Notes that have to wait, by when they were first seen. */
  readonly #firstSeenMs = new Map<string, number>()
  readonly #counters: Counters
  readonly #handles: HandleParts

  constructor(options: CqlWriterOptions) {
    this.#options = options
    this.#session = options.session
    this.#assignment = options.assignment
    this.#people = new People(options.session, (did) => this.owns(did))
    const owns = (did: Did): boolean => this.owns(did)
    this.#handles = { session: options.session, clock: options.clock, owns }
    this.#counters = new Counters({
      session: options.session,
      people: this.#people,
      shards: options.assignment.shards,
      owns: (did) => this.owns(did),
      gatherMs: options.countersMs,
    })
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

  /** The stream begins anew there: deliveries go on from it. */
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
    const drafts = new Map<OwnedShard, BatchPlan>()
    const after = new Map<Did, Held>()
    const draftOf = (shard: OwnedShard): BatchPlan => drafts.getOrInsertComputed(shard, () => draftFor(shard))
    const notes: Note[] = []
    const covered = this.#coveredBy(cursor)
    for (const [did, change] of changes.actors) {
      const owned = this.#shardOf(did)
      if (owned === undefined || !covered(owned)) continue
      const draft = draftOf(owned)
      const held = this.#loaded?.held(did) ?? nobody(did)
      const records = this.#loaded?.records.get(did) ?? new Map()
      after.set(did, planActor(draft, change, { held, records }))
      const left: Note[] = []
      if (change.profile !== undefined || change.purge) {
        const profile = change.profile ?? undefined
        const plan = await planHandle(this.#handles, did, { former: held.profile, profile })
        draft.mutations.push(...plan.mutations)
        left.push(...plan.notes)
      }
      if (change.purge) draft.mutations.push(...(await tracesOf(this.#session, owned.shard, held)))
      if (change.erase) {
        left.push({ kind: 'unname-all', did, bucket: 0 })
        draft.forgets = true
      }
      // In the batch that gives reason for them: another may be refused.
      draft.mutations.push(...left.map((note) => this.#leave(note)))
      notes.push(...left)
      this.#events += change.events.length
    }
    for (const wish of changes.fulfilled) {
      const place = wishPlace(wish)
      const owned = this.#assignment.owned.get(place.shard)
      if (owned !== undefined) draftOf(owned).mutations.push(takeOut(place))
    }
    await this.#commitAll(drafts, cursor, covered)
    if (cursor !== undefined) this.#reached = cursor
    for (const [did, held] of after) if (this.owns(did)) this.#people.hold(did, held)
    const own = notes
      .filter(({ did }) => this.owns(did))
      .map(({ did }) => shardOf(did, this.#assignment.shards))
    for (const shard of new Set(own)) await this.#tend(shard, 1_000)
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
      await this.#moveFormer(owned)
      if (owned.totals.waiting[kind] <= countOf(except, kind, owned.shard)) continue
      const wanted = { kind, limit: limit - questions.length, except, now }
      const found = await readQuestions(this.#session, this.#people, owned, wanted)
      questions.push(...found.questions)
      if (found.stale.length > 0) {
        const draft = draftFor(owned)
        for (const place of found.stale) dropQuestion(draft, kind, place)
        await this.#commitAll(new Map([[owned, draft]]), undefined)
      }
      if (questions.length >= limit) break
    }
    return questions
  }

  async wishes(limit: number): Promise<Wish[]> {
    this.#assertOpen()
    const wishes = await Promise.all(
      [...this.#assignment.owned.keys()].map((shard) => this.#tend(shard, limit)),
    )
    return wishes.flat().slice(0, limit)
  }

  async prune(expiry: Expiry, limit: number): Promise<number> {
    this.#assertOpen()
    let gone = 0
    for (const owned of this.#assignment.owned.values()) {
      while (
        gone < limit &&
        owned.totals.oldestDay !== undefined &&
        owned.totals.oldestDay <= lastDay(expiry.before)
      ) {
        const pruned = await this.#pruneDay(owned, owned.totals.oldestDay, expiry, limit - gone)
        gone += pruned.gone
        if (!pruned.done) break
      }
    }
    return gone
  }

  /** By token, which is the order in which servers can list them; those of others are left out. */
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
        // The stream has to go on from where the new ones are.
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

  async recordSample({ at, networkBytes }: { at: Micros; networkBytes: number }): Promise<void> {
    this.#networkBytes += networkBytes
    // The clock was set back: what was noted by it before says nothing of how much time has passed.
    if (at < this.#sampledAt) await this.#session.write(DROP_SAMPLES, [this.#assignment.worker])
    this.#sampledAt = at
    await this.#session.write(SAMPLE, [this.#assignment.worker, at, this.#events, this.#networkBytes])
  }

  async [Symbol.asyncDispose](): Promise<void> {
    if (this.#closed) return
    this.#closed = true
    // It may have to go without the database, which is then told below.
    await this.#counters[Symbol.asyncDispose]().catch(() => {})
    await this.#assignment.release()
  }

  /** Whoever loses a shard meanwhile loses what was planned for it: its new owner hears of the same from the stream. */
  async #commitAll(
    drafts: ReadonlyMap<OwnedShard, Planned>,
    cursor: Cursor | undefined,
    covered: (owned: OwnedShard) => boolean = () => true,
  ): Promise<void> {
    const shards =
      cursor === undefined ? [...drafts.keys()] : [...this.#assignment.owned.values()].filter(covered)
    await Promise.all(
      shards.map(async (owned) => {
        try {
          const draft = drafts.get(owned) ?? NOTHING
          await owned.commit(draft, cursor)
          this.#counters.add(draft.counts)
        } catch (error) {
          // Nobody else is to bring what a command that wants all of it has planned.
          if (!(error instanceof LeaseLostError) || !this.#options.shares) throw error
          if (this.#assignment.owned.get(owned.shard) === owned) this.#assignment.owned.delete(owned.shard)
          owned.drop()
          this.#people.forget()
        }
      }),
    )
  }

  /** Takes over what an earlier program has left in its table of questions. */
  async #moveFormer(owned: OwnedShard): Promise<void> {
    if (this.#former.has(owned)) return
    for (;;) {
      const draft = draftFor(owned)
      const moved = await moveFormerQuestions(this.#session, this.#people, draft)
      if (moved === undefined) break
      await this.#commitAll(new Map([[owned, draft]]), undefined)
      if (owned.lost) return
      for (const held of moved) this.#people.hold(held.state.did, held)
    }
    this.#former.add(owned)
  }

  /**
   * Which shards a delivery of the stream concerns: those that it goes on from. One that was taken while the delivery waited
   * for its turn is further back, and hears of all of it when the stream begins anew. Without a cursor it is no delivery.
   */
  #coveredBy(cursor: Cursor | undefined): (owned: OwnedShard) => boolean {
    const from = this.#reached
    return (owned) => cursor === undefined || isCovered(owned.cursor, from)
  }

  /** Does what notes say, and returns the wishes. */
  async #tend(shard: number, limit: number): Promise<Wish[]> {
    const owned = this.#assignment.owned.get(shard)
    if (owned === undefined) return []
    const items = await readInbox(owned.totals, {
      session: this.#session,
      now: this.#options.clock.now(),
      limit,
      failed: (error) => this.#tellLate(shard, error),
    })
    const notes = items.filter((item) => 'note' in item).filter((item) => !this.#mustWait(item))
    if (notes.length > 0 && !owned.lost) {
      const draft = draftFor(owned)
      const after = new Map<Did, Held>()
      const leave = (note: Note): Mutation => this.#leave(note)
      const recount = (did: Did): void => this.#counters.doubt(did)
      const parts = { plan: draft, after, session: this.#session, people: this.#people, leave, recount }
      await followNotes(notes, parts)
      await this.#commitAll(new Map([[owned, draft]]), undefined)
      for (const [did, held] of after) if (this.owns(did)) this.#people.hold(did, held)
      if (items.length === limit) return this.#tend(shard, limit)
    }
    return items.flatMap((item) => ('wish' in item ? [item.wish] : []))
  }

  async #pruneDay(
    owned: OwnedShard,
    day: number,
    expiry: Expiry,
    most: number,
  ): Promise<{ gone: number; done: boolean }> {
    const { before } = expiry
    const draft = { mutations: [] as Mutation[], counts: [], forgets: false }
    const after: Held[] = []
    let gone = 0
    let all = true
    const whole = day < lastDay(before)
    const looked = this.#lookedThrough.get(owned.shard) ?? 0
    if (!whole && before - looked < LOOK_THROUGH_EVERY) return { gone, done: false }
    for (const did of await whoOn(this.#session, owned.shard, day)) {
      if (gone >= most) {
        all = false
        break
      }
      const held = await this.#people.one(did)
      const pruned = held && (await prunePerson(this.#session, held, expiry, most - gone))
      if (pruned === undefined) continue
      gone += pruned.gone
      after.push(pruned.held)
      draft.mutations.push(...pruned.mutations, characterMutation(pruned.held, owned.nextTime))
    }
    if (gone > 0) owned.totals.countEvents(-gone)
    if (whole && all) draft.mutations.push(forgetDay(owned.totals, day))
    if (!whole && all) this.#lookedThrough.set(owned.shard, before)
    if (draft.mutations.length > 0) await this.#commitAll(new Map([[owned, draft]]), undefined)
    for (const held of after) this.#people.hold(held.state.did, held)
    return { gone, done: whole && all }
  }

  #shardOf(did: Did): OwnedShard | undefined {
    const owned = this.#assignment.owned.get(shardOf(did, this.#assignment.shards))
    return owned?.lost ? undefined : owned
  }

  #tellLate(shard: number, error: unknown): void {
    const reason = error instanceof Error ? error.message : String(error)
    this.#options.log.warn(
      { shard, reason },
      'the inbox could not be looked through for what arrived late; that is tried again in ten minutes',
    )
  }

  #leave(note: Note): Mutation {
    return noteMutation(note, this.#assignment.shards, this.#options.clock.now())
  }

  /** What others planned before they could know that somebody is forgotten may still be on its way. */
  #mustWait({ note, id }: InboxItem & { note: Note }): boolean {
    if (!this.#options.shares || note.kind !== 'unname-all') return false
    const now = this.#options.elapsedMs()
    // From when it was first seen here: when it was left is told by another machine's clock.
    const waits = now - this.#firstSeenMs.getOrInsert(id, now) < OTHERS_KNOW_AFTER_MS
    if (!waits) this.#firstSeenMs.delete(id)
    return waits
  }

  #assertOpen(): void {
    if (this.#closed)
      throw new StoreError('this writer has been closed; nothing more can be written with it.')
  }
}

/** Each shard remembers for itself: its people were looked through by whoever owned it. */
function followedName(shard: number): string {
  return `followed:${shard}`
}

function draftFor({ totals, nextTime }: OwnedShard): BatchPlan {
  return { totals, mutations: [], counts: [], time: nextTime, forgets: false }
}
