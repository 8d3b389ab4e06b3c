import { isDeepStrictEqual } from 'node:util'
import type { Cursor, Did, Micros } from '../../src/atproto/event.ts'
import type { Followed } from '../../src/game/followed.ts'
import type { Wish } from '../../src/game/operation.ts'
import type { AskedQuestion, PersonQuestion, QuestionId, QuestionKind } from '../../src/game/question.ts'
import { isBeyondPause } from '../../src/game/retries.ts'
import { judgedOf } from '../../src/game/rule-versions.ts'
import { type Changes, isHidden, type Known, unknownActor } from '../../src/game/state.ts'
import type { Seconds } from '../../src/game/time.ts'
import type { Touched } from '../../src/game/touched.ts'
import { type Expiry, expiredCount } from '../../src/store/expired.ts'
import type { WriterMeasures } from '../../src/store/measures.ts'
import {
  beginning,
  ended,
  isOpen,
  movedOn,
  type NewGap,
  queued,
  type Reconciliation,
  type ReconciliationStep,
} from '../../src/store/reconciliation.ts'
import type { MovePlace, RulesState, UnmovedPerson, Visit } from '../../src/store/rules.ts'
import type { Gap, Heartbeat } from '../../src/store/status.ts'
import { type FollowChange, type RecordPage, StoreError, type Writer } from '../../src/store/store.ts'
import { wishOf } from '../../src/store/stored-wish.ts'
import type { Memory } from './memory.ts'

/** Everybody after `after`, in the order of their DIDs, as a change of the rules sees them. */
export function peopleAfter({ ledger }: Memory, after: Did | undefined): Visit[] {
  return [...ledger.actors.keys()]
    .sort()
    .filter((did) => after === undefined || did > after)
    .map((did) => {
      const state = ledger.actor(did) ?? unknownActor(did)
      const records = ledger.records(did)
      const collections = new Set(records.map(([{ collection }]) => collection))
      return { did, judged: judgedOf(state, collections), records: records.length }
    })
}

/** The one writer of a ledger in memory. */
export class MemoryWriter implements Writer {
  readonly batchWindowMs = 0
  readonly moved = new AbortController().signal
  readonly #memory: Memory
  #isClosed = false

  constructor(memory: Memory) {
    this.#memory = memory
  }

  owns(): boolean {
    return true
  }

  leaseOf(): object {
    return this
  }

  faults(): readonly string[] {
    return []
  }

  measures(): WriterMeasures {
    return {
      shards: { owned: 1, of: 1 },
      handovers: { taken: 0, released: 0, lost: 0 },
      journalBatches: 0,
      requests: {},
      retries: 0,
      freeBytes: undefined,
    }
  }

  async cursor(): Promise<Cursor | undefined> {
    return this.#open().cursor
  }

  async begin(cursor: Cursor): Promise<void> {
    this.#open().cursor ??= cursor
  }

  readonly sliced = undefined

  async load({ parts }: Pick<Touched, 'parts'>): Promise<Known> {
    const { ledger } = this.#open()
    ledger.parts = parts
    return ledger
  }

  async commit(changes: Changes, cursor: Cursor | undefined): Promise<void> {
    const memory = this.#open()
    const { ledger, log, versions, boards, newest } = memory
    for (const [did, change] of changes.actors) {
      if (change.purge) this.#dropLog(did)
      log.push(...change.events)
      versions.set(did, (versions.get(did) ?? 0) + 1)
      for (const { kind, period } of change.standings) {
        boards.add(`${kind} ${period}`)
        newest[kind] = Math.max(newest[kind], period)
      }
    }
    ledger.commit(changes)
    for (const wish of changes.fulfilled) memory.wishes.delete(wish)
    memory.cursor = cursor ?? memory.cursor
  }

  async questions(
    kind: QuestionKind,
    limit: number,
    except: ReadonlySet<QuestionId>,
    now: Seconds,
  ): Promise<AskedQuestion[]> {
    const { ledger } = this.#open()
    const isDue = (question: AskedQuestion & { due: Seconds }) =>
      question.due <= now || isBeyondPause(kind, question, now)
    ledger.questions = ledger.openQuestions()
    return ledger.questions
      .filter((question) => question.kind === kind && !except.has(question.id) && isDue(question))
      .sort((a, b) => a.due - b.due)
      .slice(0, limit)
      .map(({ due, ...question }) => question as AskedQuestion)
  }

  async records(did: Did, after: string | undefined, limit: number): Promise<RecordPage> {
    const all = this.#open().ledger.records(did)
    const from = Number(after ?? 0)
    const records = all.slice(from, from + limit)
    return { records, next: from + limit < all.length ? String(from + limit) : undefined }
  }

  async questionsAbout(kind: PersonQuestion['kind'], dids: readonly Did[]): Promise<AskedQuestion[]> {
    return this.#open()
      .ledger.questions.filter((question) => question.kind === kind && dids.includes(question.did))
      .map(({ due, ...question }) => question as AskedQuestion)
  }

  async wishes(limit: number): Promise<Wish[]> {
    return [...this.#open().wishes]
      .slice(0, limit)
      .map(([wish, { kind, did, at }]) => wishOf(kind, { wish, did, at }))
  }

  async prune(expiry: Expiry, limit: number): Promise<number> {
    const { ledger, pruned } = this.#open()
    let gone = 0
    for (const did of ledger.actors.keys()) {
      const events = ledger.events.filter((event) => event.did === did)
      const old = events
        .slice(
          0,
          expiredCount(events, ({ at }) => at, expiry),
        )
        .slice(0, limit - gone)
      for (const event of old) ledger.events.splice(ledger.events.indexOf(event), 1)
      const sum = old.reduce((total, { delta }) => total + delta, 0)
      pruned.set(did, (pruned.get(did) ?? 0) + sum)
      gone += old.length
    }
    return gone
  }

  async people(after: Did | undefined, limit: number): Promise<Did[]> {
    const all = [...this.#open().ledger.actors.keys()].sort()
    return all.filter((did) => after === undefined || did > after).slice(0, limit)
  }

  async bindRules(fingerprint: string): Promise<void> {
    this.#open().bind({ fingerprint, titles: undefined })
  }

  async takeUpRules(at: Micros): Promise<RulesState> {
    const memory = this.#open()
    const { wanted, ledger } = memory
    if (wanted !== undefined && memory.move === undefined) {
      memory.wanted = undefined
      const newest = memory.rulebooks.at(-1)
      const isSame =
        newest?.fingerprint === wanted.fingerprint && isDeepStrictEqual(newest.titles, wanted.titles)
      if (!isSame) {
        memory.bind(wanted, at)
        ledger.moved.clear()
        memory.move = { after: undefined, part: undefined }
      }
    }
    return memory.rulesState()
  }

  async unmoved(limit: number): Promise<UnmovedPerson[]> {
    const memory = this.#open()
    const { move } = memory
    if (move === undefined) return []
    const visits = peopleAfter(memory, move.after).filter(
      ({ did }) => !memory.ledger.moved.has(did) || did === move.part?.did,
    )
    if (move.part === undefined)
      return visits
        .slice(0, limit)
        .map((visit) => ({ ...visit, from: undefined, count: () => visit.records }))
    const { from } = move.part
    return visits.slice(0, 1).map((visit) => ({ ...visit, from, count: () => visit.records }))
  }

  /** Nothing has to be read: everything is in memory. */
  async indexDays(): Promise<boolean> {
    this.#open()
    return true
  }

  async commitMoved(changes: Changes, { after, part }: MovePlace): Promise<void> {
    const memory = this.#open()
    await this.commit(changes, undefined)
    const before = memory.move?.after
    const reached = after ?? before
    for (const { did } of peopleAfter(memory, before))
      if ((reached !== undefined && did <= reached) || did === part?.did) memory.ledger.moved.add(did)
    memory.move = { after: reached, part }
  }

  async endMove(): Promise<void> {
    this.#open().move = undefined
  }

  async recordGap(gap: Gap): Promise<void> {
    this.#open().gaps.push(gap)
  }

  async queueReconciliation(gap: NewGap): Promise<void> {
    const memory = this.#open()
    memory.reconciliation = queued(memory.reconciliation, gap, this.#peopleToReconcile())
  }

  async reconciliation(): Promise<Reconciliation | undefined> {
    const { reconciliation } = this.#open()
    return isOpen(reconciliation) ? reconciliation : undefined
  }

  async beginReconciliation(): Promise<Reconciliation | undefined> {
    const memory = this.#open()
    const { reconciliation } = memory
    if (!isOpen(reconciliation)) return undefined
    memory.reconciliation = beginning(reconciliation)
    return reconciliation
  }

  unreconciled(after: Did | undefined, limit: number): Promise<Did[]> {
    return this.people(after, limit)
  }

  async reconciled(step: ReconciliationStep): Promise<void> {
    const memory = this.#open()
    if (isOpen(memory.reconciliation)) memory.reconciliation = movedOn(memory.reconciliation, step)
  }

  async endReconciliation(at: Micros): Promise<void> {
    const memory = this.#open()
    if (isOpen(memory.reconciliation))
      memory.reconciliation = ended(memory.reconciliation, at, this.#peopleToReconcile())
  }

  #peopleToReconcile(): number {
    return [...this.#memory.ledger.actors.values()].filter(
      (actor) => actor.born && !isHidden({ ...actor, introduced: true }),
    ).length
  }

  async followed(): Promise<(Followed | undefined)[]> {
    return [this.#open().followed]
  }

  async follow({ now, gaps, missed }: FollowChange): Promise<void> {
    const memory = this.#open()
    if (missed !== undefined) await this.queueReconciliation(missed)
    memory.followed = now
    memory.gaps.push(...gaps)
  }

  async heard(): Promise<Micros | undefined> {
    return this.#open().heartbeat?.at
  }

  async beat(heartbeat: Heartbeat): Promise<void> {
    this.#open().heartbeat = heartbeat
  }

  async lastBeat(heartbeat: Heartbeat): Promise<void> {
    this.#open().heartbeat = heartbeat
  }

  async recordSample({ at, networkBytes }: { at: Micros; networkBytes: number }): Promise<void> {
    const { samples, ledger } = this.#open()
    samples.push({
      at,
      events: ledger.events.length,
      networkBytes: (samples.at(-1)?.networkBytes ?? 0) + networkBytes,
    })
  }

  async [Symbol.asyncDispose](): Promise<void> {
    if (this.#isClosed) return
    this.#isClosed = true
    this.#memory.isWritten = false
  }

  /** Followers are told nothing more of somebody of whom everything goes. */
  #dropLog(did: Did): void {
    const { log, pruned } = this.#memory
    for (const [place, event] of log.entries()) if (event?.did === did) log[place] = undefined
    pruned.delete(did)
  }

  #open(): Memory {
    if (this.#isClosed)
      throw new StoreError('this writer has been closed; nothing more can be written with it.')
    return this.#memory
  }
}
