import type { Cursor, Did, Micros } from '../atproto/event.ts'
import type { Followed } from '../game/followed.ts'
import type { RecordsPart, Wish } from '../game/operation.ts'
import type { AskedQuestion, PersonQuestion, QuestionId, QuestionKind } from '../game/question.ts'
import type { Changes, Known } from '../game/state.ts'
import type { Seconds } from '../game/time.ts'
import type { Touched } from '../game/touched.ts'
import type { Expiry } from './expired.ts'
import type { WriterMeasures } from './measures.ts'
import type { NewGap, ReconciliationStep } from './reconciliation.ts'
import type { MovePlace, RulesState, UnmovedPerson } from './rules.ts'
import type { SlicedFold } from './slices.ts'
import type { Gap, Heartbeat } from './status.ts'
import type { FollowChange, RecordPage, Writer } from './store.ts'

/**
 * A writer that stops at its first failure: every later call fails with the same error. A driver caches people, names and
 * sums, and after a write that failed half-way its cache is ahead of the stored rows; one more commit would make that
 * permanent. Every driver wraps its writer in this, so no method can forget to check.
 */
export class FailStopWriter implements Writer {
  readonly #writer: Writer
  readonly #explain: (error: unknown) => unknown
  #failure: { error: unknown } | undefined

  /** @param explain turns a driver's error into one that says what to do */
  constructor(writer: Writer, explain: (error: unknown) => unknown = (error) => error) {
    this.#writer = writer
    this.#explain = explain
  }

  get batchWindowMs(): number {
    return this.#writer.batchWindowMs
  }

  get moved(): AbortSignal {
    return this.#writer.moved
  }

  owns(did: Did): boolean {
    return this.#writer.owns(did)
  }

  leaseOf(did: Did): object | undefined {
    return this.#writer.leaseOf(did)
  }

  faults(): readonly string[] {
    return this.#writer.faults()
  }

  measures(): WriterMeasures {
    return this.#writer.measures()
  }

  cursor(): Promise<Cursor | undefined> {
    return this.#call(() => this.#writer.cursor())
  }

  begin(cursor: Cursor): Promise<void> {
    return this.#call(() => this.#writer.begin(cursor))
  }

  load(touched: Touched): Promise<Known> {
    return this.#call(() => this.#writer.load(touched))
  }

  commit(changes: Changes, cursor: Cursor | undefined): Promise<void> {
    return this.#call(() => this.#writer.commit(changes, cursor))
  }

  get sliced(): SlicedFold | undefined {
    const { sliced } = this.#writer
    return sliced && { ...sliced, fold: (slices, cursor) => this.#call(() => sliced.fold(slices, cursor)) }
  }

  questions(
    kind: QuestionKind,
    limit: number,
    except: ReadonlySet<QuestionId>,
    now: Seconds,
  ): Promise<AskedQuestion[]> {
    return this.#call(() => this.#writer.questions(kind, limit, except, now))
  }

  questionsAbout(kind: PersonQuestion['kind'], dids: readonly Did[]): Promise<AskedQuestion[]> {
    return this.#call(() => this.#writer.questionsAbout(kind, dids))
  }

  records(did: Did, after: string | undefined, limit: number): Promise<RecordPage> {
    return this.#call(() => this.#writer.records(did, after, limit))
  }

  wishes(limit: number): Promise<Wish[]> {
    return this.#call(() => this.#writer.wishes(limit))
  }

  prune(expiry: Expiry, limit: number): Promise<number> {
    return this.#call(() => this.#writer.prune(expiry, limit))
  }

  people(after: Did | undefined, limit: number): Promise<Did[]> {
    return this.#call(() => this.#writer.people(after, limit))
  }

  followed(): Promise<(Followed | undefined)[]> {
    return this.#call(() => this.#writer.followed())
  }

  follow(change: FollowChange): Promise<void> {
    return this.#call(() => this.#writer.follow(change))
  }

  bindRules(fingerprint: string): Promise<void> {
    return this.#call(() => this.#writer.bindRules(fingerprint))
  }

  takeUpRules(at: Micros): Promise<RulesState> {
    return this.#call(() => this.#writer.takeUpRules(at))
  }

  unmoved(limit: number): Promise<UnmovedPerson[]> {
    return this.#call(() => this.#writer.unmoved(limit))
  }

  indexDays(did: Did, part: RecordsPart): Promise<boolean> {
    return this.#call(() => this.#writer.indexDays(did, part))
  }

  commitMoved(changes: Changes, place: MovePlace): Promise<void> {
    return this.#call(() => this.#writer.commitMoved(changes, place))
  }

  endMove(): Promise<void> {
    return this.#call(() => this.#writer.endMove())
  }

  recordGap(gap: Gap): Promise<void> {
    return this.#call(() => this.#writer.recordGap(gap))
  }

  queueReconciliation(gap: NewGap): Promise<void> {
    return this.#call(() => this.#writer.queueReconciliation(gap))
  }

  reconciliation(): ReturnType<Writer['reconciliation']> {
    return this.#call(() => this.#writer.reconciliation())
  }

  beginReconciliation(): ReturnType<Writer['beginReconciliation']> {
    return this.#call(() => this.#writer.beginReconciliation())
  }

  unreconciled(after: Did | undefined, limit: number): Promise<Did[]> {
    return this.#call(() => this.#writer.unreconciled(after, limit))
  }

  reconciled(step: ReconciliationStep): Promise<void> {
    return this.#call(() => this.#writer.reconciled(step))
  }

  endReconciliation(at: Micros): Promise<void> {
    return this.#call(() => this.#writer.endReconciliation(at))
  }

  heard(): Promise<Micros | undefined> {
    return this.#call(() => this.#writer.heard())
  }

  beat(heartbeat: Heartbeat): Promise<void> {
    return this.#call(() => this.#writer.beat(heartbeat))
  }

  lastBeat(heartbeat: Heartbeat): Promise<void> {
    return this.#call(() => this.#writer.lastBeat(heartbeat))
  }

  recordSample(sample: { at: Micros; networkBytes: number }): Promise<void> {
    return this.#call(() => this.#writer.recordSample(sample))
  }

  /** Releases the ledger. After a failure, further errors are dropped here: they would hide the first one. */
  async [Symbol.asyncDispose](): Promise<void> {
    try {
      await this.#writer[Symbol.asyncDispose]()
    } catch (error) {
      if (this.#failure === undefined) throw error
    }
  }

  async #call<T>(work: () => Promise<T>): Promise<T> {
    if (this.#failure !== undefined) throw this.#failure.error
    try {
      return await work()
    } catch (error) {
      this.#failure ??= { error: this.#explain(error) }
      throw this.#failure.error
    }
  }
}
