import type { Cursor, Did, Micros } from '../../src/atproto/event.ts'
import type { Followed } from '../../src/game/followed.ts'
import type { Wish } from '../../src/game/operation.ts'
import type { AskedQuestion, PersonQuestion, QuestionId, QuestionKind } from '../../src/game/question.ts'
import { isBeyondPause } from '../../src/game/retries.ts'
import type { Changes, Known } from '../../src/game/state.ts'
import type { Seconds } from '../../src/game/time.ts'
import { type Expiry, expiredCount } from '../../src/store/expired.ts'
import type { Gap, Heartbeat } from '../../src/store/status.ts'
import { type RecordPage, StoreError, type Writer } from '../../src/store/store.ts'
import { wishOf } from '../../src/store/stored-wish.ts'
import type { Memory } from './memory.ts'

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

  faults(): readonly string[] {
    return []
  }

  async cursor(): Promise<Cursor | undefined> {
    return this.#open().cursor
  }

  async begin(cursor: Cursor): Promise<void> {
    this.#open().cursor ??= cursor
  }

  async load(): Promise<Known> {
    return this.#open().ledger
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
    this.#open().rules = fingerprint
  }

  async recordGap(gap: Gap): Promise<void> {
    this.#open().gaps.push(gap)
  }

  async followed(): Promise<(Followed | undefined)[]> {
    return [this.#open().followed]
  }

  async follow({ now, gaps }: { now: Followed; gaps: readonly Gap[] }): Promise<void> {
    const memory = this.#open()
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
