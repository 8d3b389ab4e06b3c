import assert from 'node:assert/strict'
import { createRaw } from '@atcute/tid'
import type {
  AccountStatus,
  CommitEvent,
  Cursor,
  Did,
  Handle,
  Micros,
  Nsid,
  StreamEvent,
} from '../../src/atproto/event.ts'
import type { RecordId } from '../../src/atproto/uri.ts'
import { decide } from '../../src/game/decide.ts'
import type { Game } from '../../src/game/game.ts'
import type { Media } from '../../src/game/media.ts'
import type {
  Absent,
  Answer,
  Import,
  ImportedRecord,
  NoAnswer,
  Operation,
  Wish,
} from '../../src/game/operation.ts'
import type { AskedQuestion, QuestionKind } from '../../src/game/question.ts'
import { NO_CHANGES, type Rulebook, rulebook } from '../../src/game/rulebook.ts'
import { pathOf } from '../../src/game/state.ts'
import { nothingTouched, touched } from '../../src/game/touched.ts'
import { moveSome } from '../../src/ingest/rules-move.ts'
import type { Store, Writer } from '../../src/store/store.ts'
import { cut } from '../game/arbitrary.ts'
import { slicesOf } from '../slices.ts'
import { assertSame, comparePeriods, Versions } from './compare.ts'
import { factsOf, LIKE, POST, PROFILE, REPOST } from './judge.ts'
import { Model } from './model.ts'
import { isBorn } from './person.ts'
import { KEYS, PEOPLE, type Rev, type Step } from './steps.ts'

const FOLLOW: Nsid = 'app.bsky.graph.follow'
const COLLECTIONS: readonly Nsid[] = [POST, LIKE, REPOST, FOLLOW]
const MINUTE: Micros = 60_000_000
/** Events that are pruned in one batch: few enough for several batches, enough for young events among them. */
const PRUNED_AT_ONCE = 20
/** A time at which the pause of every question is over. */
const EVER = Number.MAX_SAFE_INTEGER
/** A Sunday, and the last day but one of its month: weeks and months end soon. */
const START: Micros = Date.UTC(2025, 5, 29, 22) * 1000
const EMBEDS = [
  undefined,
  { $type: 'app.bsky.embed.images', images: [{ alt: '' }] },
  { $type: 'app.bsky.embed.images', images: [{ alt: 'a cat' }] },
]
const STATUSES: readonly AccountStatus[] = [
  'active',
  'active',
  'active',
  'deactivated',
  'takendown',
  'deleted',
]
const OTHER_RULES = {
  points: { 'post.alt': 100, like: 0, 'repost.media': 55 },
  caps: { [POST]: 60, [REPOST]: 65 },
}
const LABELS = { values: [{ val: '!no-unauthenticated' }] }
/** The rules by which a ledger is judged in turn. Caps cut a record's XP, end after some records, or let none through. */
const RULES: readonly { book: Rulebook; followed: readonly Nsid[] }[] = [
  { book: rulebook(NO_CHANGES), followed: [FOLLOW] },
  { book: rulebook({ ...NO_CHANGES, ...OTHER_RULES }), followed: [] },
  { book: rulebook({ ...NO_CHANGES, caps: { [POST]: 113, [REPOST]: 0, [LIKE]: 15 } }), followed: [FOLLOW] },
]

/** The place of a ledger; it is the same ledger each time it is opened. */
export type Place = { open(): Promise<Store>; readsLater: boolean }

/** The rules with which a ledger begins, and whether it counts posts from before (the baseline). */
export type Beginning = { rules: number; baseline: boolean }

/** Applies the same operations to a ledger and to the model, and compares the two. */
export class Play implements AsyncDisposable {
  readonly #place: Place
  readonly #baseline: Game['baseline']
  readonly #model: Model
  readonly #versions = new Versions()
  #rules: number
  /** The version of these rules, and those that still award people who have not been moved. */
  #version = 1
  #former: { rules: number; version: number } | undefined
  /** Rules that wait for the end of a move. */
  #left: number | undefined
  #now = START
  #open: { store: Store; writer: Writer }
  /** Operations that the model has and the ledger does not have yet. */
  #waiting: Operation[] = []
  /** What is left of the import that is under way. */
  #importing: (Import | Absent)[] = []
  /** What that repository has, where only what it has since a gap comes; `undefined` where all of it does. */
  #present: ReadonlySet<string> | undefined
  /** Everything that the stream has sent. */
  readonly #shown: StreamEvent[] = []
  /** Profile records and names of people who had done nothing yet: sent again, they may change something. */
  readonly #unnoted = new Set<StreamEvent>()
  readonly #unfollowed = new Set<Did>()
  readonly #revs = new Map<Did, Micros>()
  readonly #times = new Map<Did, Micros>()

  private constructor(place: Place, { baseline, rules }: Beginning, open: { store: Store; writer: Writer }) {
    this.#place = place
    this.#rules = rules
    this.#baseline = baseline ? 'posts' : 'off'
    this.#open = open
    this.#model = new Model(modelGame(this.#game))
  }

  static async begin(place: Place, beginning: Beginning): Promise<Play> {
    return new Play(place, beginning, await opened(place, gameOf(beginning.rules, 'off', 1)))
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#open.writer[Symbol.asyncDispose]()
    await this.#open.store[Symbol.asyncDispose]()
  }

  /** Plays `steps`, folds them into the ledger in batches of `batch`, and compares the results. */
  async play(steps: readonly Step[], batch: number): Promise<void> {
    for (const step of steps) {
      await this.#goOnImporting()
      const event = this.#eventOf(step)
      if (event !== undefined) {
        // It is not asked for.
        if (this.#unfollowed.has(event.did)) continue
        this.#shown.push(event)
        this.#happen(event)
        if (this.#waiting.length >= batch) await this.#fold()
        continue
      }
      await this.#fold()
      await this.#do(step)
    }
    while (this.#importing.length > 0) await this.#goOnImporting()
    await this.#fold()
    await this.#compare()
  }

  #happen(operation: Operation): void {
    this.#now += 1_234_567
    this.#waiting.push(operation)
    this.#model.apply(operation)
  }

  get #game(): Game {
    const game = gameOf(this.#rules, this.#baseline, this.#version)
    const former = this.#former && gameOf(this.#former.rules, this.#baseline, this.#former.version).rules
    return { ...game, former }
  }

  async #fold(): Promise<void> {
    const operations = this.#waiting
    this.#waiting = []
    if (operations.length > 0) await this.#commit(operations)
  }

  async #commit(operations: readonly Operation[]): Promise<void> {
    const { writer } = this.#open
    // Nothing but the stream moves the place in it.
    const delivered = operations.at(-1) === this.#shown.at(-1)
    const place = { host: 'a.test', wire: 'v2', value: this.#shown.length, at: this.#now } as const
    await this.#store(writer, operations, delivered ? place : undefined)
    await this.#versions.check(this.#open.store.reader, [...this.#model.people.keys()])
    await this.#lookWhoMoved()
  }

  /** As a whole, or in slices of any length where the store takes them. */
  async #store(writer: Writer, operations: readonly Operation[], cursor: Cursor | undefined): Promise<void> {
    const { sliced } = writer
    const atOnce = 1 + (operations.length % 4)
    if (sliced !== undefined && operations.length > atOnce) {
      await sliced.fold(slicesOf(this.#game, operations, atOnce), cursor)
      return
    }
    const known = await writer.load(touched(this.#game, operations))
    await writer.commit(decide(this.#game, known, operations), cursor)
  }

  /** The stream's event for a step; `undefined` for a step that does not come from the stream. */
  #eventOf(step: Step): StreamEvent | undefined {
    const at = this.#now
    switch (step.kind) {
      case 'write': {
        const { collection, shows, key } = step
        return this.#commitOf(step, {
          op: step.op,
          record: recordOf(COLLECTIONS[collection] ?? POST, shows, key),
        })
      }
      case 'remove':
        return this.#commitOf(step, { op: 'delete', record: undefined })
      case 'profile': {
        const record = step.optsOut ? { labels: LABELS } : { displayName: 'anybody' }
        const did = person(step.who)
        const rev = this.#rev(did, step.rev)
        const event = { kind: 'commit', did, at, rev, op: 'update', collection: PROFILE } as const
        const { own } = this.#model.person(did)
        const unnoted = !isBorn(this.#model.person(did)) && own === undefined && !step.optsOut
        const written: StreamEvent = { ...event, rkey: 'self', record }
        if (unnoted) this.#unnoted.add(written)
        return written
      }
      case 'identity': {
        const did = person(step.who)
        const event = { kind: 'identity', did, at, handle: handleAt(at) } as const
        if (!isBorn(this.#model.person(did))) this.#unnoted.add(event)
        return event
      }
      case 'account': {
        const did = person(step.who)
        const time = step.sameTime ? (this.#times.get(did) ?? at) : at
        this.#times.set(did, Math.max(time, this.#times.get(did) ?? 0))
        return { kind: 'account', did, at, time, status: STATUSES[step.status] ?? 'active' }
      }
      case 'sync': {
        const did = person(step.who)
        return { kind: 'sync', did, at, rev: this.#rev(did, 'own') }
      }
      default:
        return undefined
    }
  }

  #commitOf(
    { who, collection, key, rev }: { who: number; collection: number; key: number; rev: Rev },
    { op, record }: Pick<CommitEvent, 'op' | 'record'>,
  ): CommitEvent {
    const did = person(who)
    return {
      kind: 'commit',
      did,
      at: this.#now,
      rev: this.#rev(did, rev),
      op,
      collection: COLLECTIONS[collection] ?? POST,
      rkey: keyOf(key),
      record,
    }
  }

  #rev(did: Did, how: Rev): string {
    const last = this.#revs.get(did) ?? START - MINUTE
    if (how === 'late') return tid(Math.max(START - MINUTE, last - 7_000))
    const micros = how === 'shared' ? last : Math.max(last + 1_000, this.#now)
    this.#revs.set(did, micros)
    return tid(micros)
  }

  async #do(step: Step): Promise<void> {
    switch (step.kind) {
      case 'subjects':
        return this.#answer('subject', step.limit, (question) => this.#subjectAnswer(question, step.says))
      case 'profiles':
        return this.#answer('profile', step.limit, (question, nth) =>
          this.#profileAnswer(question, step.says + nth),
        )
      case 'repositories':
        return this.#answer('repository', step.limit, (question) =>
          this.#repositoryAnswer(question, step.says),
        )
      case 'forget':
      case 'unforget':
      case 'hide':
      case 'leave':
      case 'return':
      case 'look-up':
      case 'cancel-import':
        return this.#wish(step.kind, person(step.who))
      case 'prune':
        return this.#prune(this.#now - step.hours * 60 * MINUTE)
      case 'restart':
        // Its list of records is lost; another import begins anew.
        this.#importing = []
        return this.#reopen()
      case 'import':
        return this.#import(step)
      case 'recompute':
        return this.#recompute()
      case 'change-rules':
        return this.#changeRules((this.#rules + step.by) % RULES.length)
      case 'move-on':
        return this.#moveOn(step)
      case 'follow':
        return this.#follow(person(step.who), step.followed)
      case 'replay':
        return this.#replay(step)
      case 'wait':
        this.#now += step.minutes * MINUTE
        return
      default:
        return this.#compare()
    }
  }

  async #answer(
    kind: QuestionKind,
    limit: number,
    answerOf: (question: AskedQuestion, nth: number) => Answer | NoAnswer,
  ): Promise<void> {
    const questions = await this.#open.writer.questions(kind, limit, new Set(), EVER)
    // At one moment, everybody has a handle of their own.
    const dids = [...new Set(questions.map(({ did }) => did))]
    for (const question of questions) this.#happen(answerOf(question, dids.indexOf(question.did)))
    await this.#fold()
  }

  #subjectAnswer(question: AskedQuestion, says: number): Answer {
    assert.ok(question.kind === 'subject')
    const { id, tries, did, collection, rkey, rev, subject } = question
    const media = ([undefined, 'text', 'media', 'alt'] as const)[says % 4] as Media | undefined
    const of = { did, collection, rkey, rev, subject }
    return { kind: 'subject-answer', question: id, tries, ...of, at: this.#now, media }
  }

  #profileAnswer({ id, tries, did }: AskedQuestion, says: number): Answer {
    if (says % 7 === 0) return { ...this.#nothing(did), question: id, tries }
    const profile = {
      handle: says % 5 === 1 ? undefined : handleOf(says),
      displayName: says % 5 === 0 ? undefined : `Name ${says}`,
      avatar: undefined,
      asked: this.#now,
    }
    return {
      ...{ kind: 'profile-answer', question: id, tries, did, at: this.#now, profile },
      optedOut: says % 4 === 0,
      postsCount: says,
    }
  }

  /** The AppView omits a person. */
  #nothing(did: Did): Omit<Answer & { kind: 'profile-answer' }, 'question' | 'tries'> {
    const at = this.#now
    return { kind: 'profile-answer', did, at, profile: undefined, optedOut: false, postsCount: 0 }
  }

  /** A repository that has all but a few of the model's records. */
  #repositoryAnswer(question: AskedQuestion, says: number): Answer | NoAnswer {
    const { id, did } = question
    if (says % 10 === 0) return { kind: 'inactive', question, did, at: this.#now }
    const { records, rev } = this.#model.person(did)
    const gone = [...records.values()].filter(({ live }, index) => !live || (says + index) % 3 === 0)
    const of = says % 4 === 0 ? tid(START) : rev || tid(START)
    const absent = gone.map(({ id }) => id).filter(({ collection }) => this.#game.followed.has(collection))
    this.#happen({ kind: 'absent', did, at: this.#now, rev: of, records: absent })
    return { kind: 'repository-answer', question: id, did, at: this.#now }
  }

  /** A repository of some records at a revision that the stream has reached, or is about to. */
  async #import({ who, says, size, rev: how, since: minutes }: Step & { kind: 'import' }): Promise<void> {
    const did = person(who)
    // Ingest would refuse it.
    if (this.#unfollowed.has(did)) return
    // Nobody is compared with their repository after a gap of whom nothing was known before it.
    if (minutes !== undefined && !this.#model.isKnown(did)) return
    if (minutes === undefined) await this.#wish('import', did)
    const rev = this.#rev(did, how)
    const since = minutes === undefined ? undefined : tid(this.#now - minutes * MINUTE)
    const today = Math.floor(this.#now / 86_400_000_000)
    const records: ImportedRecord[] = COLLECTIONS.flatMap((collection, nth) =>
      Array.from({ length: KEYS }, (_, key) => key)
        .filter((key) => (says + nth * 5 + key) % 3 !== 0)
        .map((key) => {
          const facts = factsOf(collection, recordOf(collection, (says + nth + key) % 10, key))
          const claimed = today - ((says + key) % 40)
          return { collection, rkey: keyOf(key), facts: facts && { ...facts, own: undefined }, claimed }
        }),
    )
    const about = { did, rev }
    this.#importing =
      records.length === 0
        ? []
        : cut(records, [size]).map((piece) => ({
            kind: 'import-records',
            ...{ ...about, at: 0, since, records: piece },
          }))
    this.#present = since === undefined ? undefined : new Set(records.map(pathOf))
    if (since === undefined) this.#importing.push({ kind: 'import-head', ...about, at: 0 })
    this.#importing.push({ kind: 'absent', ...about, at: 0, records: [] })
    this.#importing.push({
      kind: 'import-end',
      did,
      at: 0,
      question: undefined,
      brought: { rev, records: says % 3, experience: says },
    })
  }

  /** Takes the import that is under way one piece further. */
  async #goOnImporting(): Promise<void> {
    const next = this.#importing.shift()
    if (next === undefined) return
    await this.#fold()
    switch (next.kind) {
      case 'absent':
        await this.#sweep(next)
        break
      case 'import-end': {
        const [open] = await this.#open.writer.questionsAbout('import', [next.did])
        this.#happen({ ...next, at: this.#now, question: open?.id })
        break
      }
      default:
        this.#happen({ ...next, at: this.#now })
    }
    await this.#fold()
  }

  /** Removes what the imported repository lacks, as ingest does: what is still of an older revision, page by page. */
  async #sweep({ did, rev }: Absent): Promise<void> {
    const { head } = this.#model.person(did)
    const present = this.#present
    if (head !== rev && present === undefined) return
    const lacks = (id: RecordId): boolean =>
      this.#game.followed.has(id.collection) && present?.has(pathOf(id)) !== true
    let after: string | undefined
    do {
      const page = await this.#open.writer.records(did, after, 3)
      const old = page.records.filter(([id, state]) => state.live && state.rev < rev && lacks(id))
      this.#happen({ kind: 'absent', did, at: this.#now, rev, records: old.map(([id]) => id) })
      await this.#fold()
      after = page.next
    } while (after !== undefined)
    const left = [...this.#model.person(did).records.values()].filter(
      ({ id, live, rev: of }) => live && of < rev && lacks(id),
    )
    assert.deepEqual(left, [], 'everything that the repository lacks is gone')
  }

  async #wish(kind: Wish['kind'], did: Did): Promise<void> {
    await this.#open.store.inbox.leave({ kind, did, at: Math.max(this.#now, ...this.#revs.values()) })
    for (;;) {
      const wishes = await this.#open.writer.wishes(10)
      if (wishes.length === 0) return
      for (const wish of wishes) {
        if (wish.kind !== 'cancel-import') this.#happen(wish)
        else {
          const [open] = await this.#open.writer.questionsAbout('import', [wish.did])
          this.#happen({ ...wish, question: open?.id })
        }
      }
      await this.#fold()
    }
  }

  #follow(did: Did, followed: boolean): Promise<void> {
    if (followed) this.#unfollowed.delete(did)
    else this.#unfollowed.add(did)
    this.#happen({ kind: 'follow', did, at: this.#now, followed })
    return this.#fold()
  }

  async #prune(before: Micros): Promise<void> {
    const expiry = { before, now: this.#now }
    this.#model.prune(expiry)
    while ((await this.#open.writer.prune(expiry, PRUNED_AT_ONCE)) === PRUNED_AT_ONCE);
  }

  async #reopen(): Promise<void> {
    await this[Symbol.asyncDispose]()
    this.#open = await opened(this.#place, this.#game)
  }

  /** Judges everything by the other rules, as the command does. */
  async #recompute(): Promise<void> {
    await this.#open.writer[Symbol.asyncDispose]()
    this.#rules = (this.#rules + 1) % RULES.length
    this.#version += 1
    this.#former = undefined
    this.#model.former = undefined
    this.#model.game = modelGame(this.#game)
    const { fingerprint } = this.#game.rules
    const { store } = this.#open
    const writer = await store.write({ fingerprint, purpose: 'recompute' })
    this.#open = { store, writer }
    for (let after: Did | undefined; ; ) {
      const dids = await writer.people(after, 4)
      if (dids.length === 0) break
      for (const did of dids) this.#happen({ kind: 'recompute', did, at: this.#now })
      await this.#fold()
      after = dids.at(-1)
    }
    await writer.bindRules(fingerprint)
    await this.#reopen()
  }

  /** Leaves other rules beside the writer, which takes them up unless it is still at others. */
  async #changeRules(rules: number): Promise<void> {
    const { store } = this.#open
    await store.rules.leave({
      fingerprint: gameOf(rules, this.#baseline, 0).rules.fingerprint,
      titles: undefined,
    })
    this.#left = rules
    await this.#takeUp()
  }

  async #takeUp(): Promise<void> {
    const { writer } = this.#open
    const before = new Set(await writer.people(undefined, 1_000))
    const { versions, move, wanted } = await writer.takeUpRules(this.#now)
    const isWaiting = wanted !== undefined
    assert.equal(isWaiting, this.#left !== undefined && this.#former !== undefined)
    if (this.#left === undefined || isWaiting) return
    const left = this.#left
    this.#left = undefined
    if (left === this.#rules) return
    this.#model.former = this.#model.game
    this.#former = { rules: this.#rules, version: this.#version }
    this.#rules = left
    this.#version += 1
    assert.equal(versions.at(-1)?.version, this.#version)
    // A cluster on which there is nobody has nobody to move.
    if (move === undefined) {
      assert.equal(before.size, 0)
      this.#former = undefined
      this.#model.former = undefined
    } else assert.equal(move.from, this.#former.version)
    this.#model.game = modelGame(this.#game)
    this.#model.unmoved = before
    await this.#lookWhoMoved()
  }

  /** The stores may differ in when they move somebody, but nobody goes back. */
  async #lookWhoMoved(): Promise<void> {
    if (this.#former === undefined) return
    const dids = Array.from({ length: PEOPLE }, (_, n) => person(n))
    const known = await this.#open.writer.load({ ...nothingTouched(), actors: new Set(dids) })
    const unmoved = new Set(dids.filter((did) => !known.isMoved(did)))
    assert.deepEqual(
      [...unmoved.difference(this.#model.unmoved)],
      [],
      'nobody is awarded by former rules again',
    )
    this.#model.unmoved = unmoved
  }

  async #moveOn({ steps, ...limits }: Step & { kind: 'move-on' }): Promise<void> {
    for (let n = 0; n < steps && this.#former !== undefined; n++) {
      this.#now += 1_234_567
      const step = await moveSome(this.#game, this.#open.writer, this.#now, limits)
      if (step === undefined) {
        this.#model.assertMoved()
        this.#former = undefined
        this.#model.former = undefined
        assert.equal((await this.#open.store.rules.state()).move, undefined)
        await this.#takeUp()
        return
      }
      for (const { did, scope, at } of step.operations) {
        const entries = step.changes.actors.get(did)?.events ?? []
        const { days } = step
        if (scope === 'whole') this.#model.move(did, at, 'whole')
        else if (days !== undefined) this.#model.move(did, at, { days, collections: scope.collections })
        else this.#model.move(did, at, { by: scope.by, entries })
      }
      await this.#lookWhoMoved()
    }
  }

  /** Replays the stream from an earlier place up to the present one, which must change nothing. */
  async #replay({ from, pieces }: Step & { kind: 'replay' }): Promise<void> {
    const again = this.#shown
      .slice(Math.floor((this.#shown.length * from) / 100))
      // In a collection that was not followed at the time, they would be news.
      .filter((event) => event.kind !== 'commit' || event.collection !== FOLLOW)
      .filter((event) => !this.#isNews(event) && !this.#unfollowed.has(event.did))
    for (let at = 0; at < again.length; at += pieces + 1) await this.#commit(again.slice(at, at + pieces + 1))
  }

  /** Whether an event that is sent again says something of somebody of whom nothing was noted at the time. */
  #isNews(event: StreamEvent): boolean {
    if (!this.#unnoted.has(event)) return false
    // The stream's times may go back: what they did first may be dated before this.
    return event.kind !== 'identity' || event.at > this.#model.person(event.did).named.at
  }

  async #compare(): Promise<void> {
    // On a cluster what was committed can be read a moment later; a writer that ends has waited for it.
    if (this.#place.readsLater) await this.#reopen()
    await assertSame(this.#open.store, this.#model)
    await comparePeriods(this.#open.writer, this.#model)
    const open = await this.#open.writer.questions('subject', 1_000, new Set(), EVER)
    assert.deepEqual(
      open
        .map(
          (question) => question.kind === 'subject' && `${question.did}/${pathOf(question)} ${question.rev}`,
        )
        .sort(),
      [...this.#model.openSubjects()].map(({ id, rev }) => `${id.did}/${pathOf(id)} ${rev}`).sort(),
      'what the network is asked about posts',
    )
    for (const kind of ['profile', 'repository', 'import'] as const) {
      const asked = new Set(
        (await this.#open.writer.questions(kind, 1_000, new Set(), EVER)).map(({ did }) => did),
      )
      for (const { did, asksProfile, asksRepository, asksImport } of this.#model.people.values()) {
        const expected = { profile: asksProfile, repository: asksRepository, import: asksImport }[kind]
        // Where the stream was repeated it may be asked once more.
        if (expected) assert.ok(asked.has(did), `the network is asked about the ${kind} of ${did}`)
      }
    }
  }
}

function handleOf(n: number): Handle {
  return `h${n % 9}.test`
}

/** The handle that the stream gives for a person at that moment; now and then none. */
function handleAt(at: Micros): Handle | undefined {
  const seconds = Math.floor(at / 1_000_000)
  return seconds % 3 === 0 ? undefined : handleOf(seconds)
}

async function opened(place: Place, game: Game): Promise<{ store: Store; writer: Writer }> {
  const store = await place.open()
  const writer = await store.write({ fingerprint: game.rules.fingerprint, purpose: 'keep' })
  // As ingest does first: on a cluster a delivery counts from there on.
  await writer.cursor()
  return { store, writer }
}

function gameOf(rules: number, baseline: Game['baseline'], version: number): Game {
  const { book, followed } = RULES[rules] ?? assert.fail(`there is no rulebook ${rules}`)
  return {
    rules: { ...book, version },
    former: undefined,
    followed: new Set([...book.collections, ...followed]),
    baseline,
    appview: 'asked',
  }
}

function modelGame({ rules: { points, caps, version }, followed, baseline }: Game) {
  return { points, caps, followed, baseline, version }
}

function person(n: number): Did {
  // Longer than one shard's worth of letters apart, so that a cluster divides them.
  return n % 3 === 2 ? `did:web:p${n}.example` : `did:plc:${'abcdefgh'.charAt(n).repeat(24)}`
}

function tid(micros: Micros): string {
  return createRaw(micros, 5)
}

/** Keys of all kinds: most are times, one of a time that nobody lives in, one a word. */
function keyOf(n: number): string {
  return n === 4 ? 'jzzzzzzzzzzzz' : n === 5 ? 'self' : tid(START - n * 1_000)
}

function recordOf(collection: Nsid, shows: number, key: number): unknown {
  const unreadable = shows === 9
  const uri = `at://${person((shows + key) % 6)}/${POST}/${keyOf(key)}`
  switch (collection) {
    case POST:
      return unreadable ? undefined : { text: 'not kept', embed: EMBEDS[shows % 3] }
    case LIKE:
      return unreadable ? { subject: 7 } : { subject: { uri } }
    case REPOST:
      return unreadable
        ? {}
        : { subject: { uri: shows === 8 ? `at://${person(0)}/app.bsky.feed.generator/a` : uri } }
    default:
      return { subject: person(key) }
  }
}
