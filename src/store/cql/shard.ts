// One shard in its owner's hands: batches are planned in memory, kept in the journal, made to count by one conditional
// write, and only then written out. Whoever takes the shard over writes the last batch out again, so that a crash leaves
// nothing half done but the experience counters, which must not move twice.
import type { Cursor } from '../../atproto/event.ts'
import { type Books, readBooks } from './books.ts'
import { forgetBefore, keep, pack, recall, timesOf } from './journal.ts'
import { commit, LEASE_MS, LeaseLostError, renew, type ShardRow } from './leases.ts'
import { type Count, completed, type Mutation } from './mutations.ts'
import type { Session } from './session.ts'

export type OwnedShardOptions = {
  session: Session
  row: ShardRow
  books: Books
  nowMs: () => number
}

/** What a batch is made of, beside what the books add. */
export type Planned = { mutations: readonly Mutation[]; counts: readonly Count[]; forgets: boolean }

/** How often a cursor that moved without a batch is saved, and a lease is renewed, in milliseconds. */
const CURSOR_EVERY_MS = 1_000
const RENEW_EVERY_MS = LEASE_MS / 3

export class OwnedShard {
  readonly shard: number
  readonly books: Books
  readonly #session: Session
  readonly #epoch: number
  readonly #nowMs: () => number
  readonly #lost = new AbortController()
  #seq: number
  #cursor: Cursor | undefined
  #savedMs: number
  #savedCursor: Cursor | undefined
  #timer: NodeJS.Timeout
  #renewing: Promise<void> = Promise.resolve()
  /** After how many batches from now on nothing of those before may be left. */
  #toForget = 0

  private constructor({ session, row, books, nowMs }: OwnedShardOptions) {
    this.shard = row.shard
    this.books = books
    this.#session = session
    this.#epoch = row.epoch
    this.#seq = row.seq
    this.#cursor = row.cursor
    this.#savedCursor = row.cursor
    this.#nowMs = nowMs
    this.#savedMs = nowMs()
    this.#timer = setInterval(() => this.#tick(), RENEW_EVERY_MS)
    this.#timer.unref()
  }

  /** Takes over what `row` says: the last owner's last batch is written out again, and then the books are read. */
  static async open(session: Session, row: ShardRow, nowMs: () => number): Promise<OwnedShard> {
    if (row.chunks > 0) {
      // Under the same times as its owner did, who may still be at it.
      const { epoch, mutations } = await recall((query, params) => session.read(query, params), row)
      await session.apply(mutations.map(completed), timesOf(epoch, row.seq))
    }
    return new OwnedShard({ session, row, books: await readBooks(session, row.shard), nowMs })
  }

  /** Whether somebody else has taken it over. */
  get lost(): boolean {
    return this.#lost.signal.aborted
  }

  get cursor(): Cursor | undefined {
    return this.#cursor
  }

  /** The time of the batch that comes next. */
  get nextTime(): number {
    return timesOf(this.#epoch, this.#seq + 1).write
  }

  /**
   * Makes a batch count, and the cursor with it; durable when it resolves.
   * @returns how many counters may have been left behind
   * @throws {LeaseLostError}
   */
  async commit(
    { mutations: planned, counts, forgets }: Planned,
    reached: Cursor | undefined,
  ): Promise<number> {
    const { signal } = this.#lost
    signal.throwIfAborted()
    const cursor = this.#later(reached)
    if (planned.length === 0 && !this.books.changed) {
      this.#cursor = cursor
      if (this.#nowMs() - this.#savedMs >= CURSOR_EVERY_MS) await this.#renew()
      return 0
    }
    const seq = this.#seq + 1
    const times = timesOf(this.#epoch, seq)
    const mutations = [...planned, ...this.books.mutations({ seq, cursor })]
    const chunks = pack({ epoch: this.#epoch, mutations })
    await this.#guard(async () => {
      await keep(this.#session, { shard: this.shard, seq, time: times.write }, chunks, signal)
      await commit(this.#session, this.#lease(), { seq, chunks: chunks.length, cursor }, signal)
    })
    this.#seq = seq
    // Not before: what is saved beside this must not be ahead of what counts.
    this.#cursor = cursor
    this.#saved(cursor)
    const [behind] = await Promise.all([
      this.#session.count(counts),
      this.#session.apply(mutations, times, signal),
    ])
    // The batch that forgets somebody names them, and goes with the next.
    if (forgets) this.#toForget = 2
    if (this.#toForget > 0) {
      this.#toForget -= 1
      await forgetBefore(this.#session, { shard: this.shard, seq, time: times.write }, signal)
    }
    return behind
  }

  /** Gives it back, with the cursor saved. */
  async release(): Promise<void> {
    clearInterval(this.#timer)
    // What is under way would else renew what has been given back.
    await this.#renewing
    if (this.lost) return
    const given = { ...this.#lease(), until: 0 }
    await this.#guard(() => renew(this.#session, given, this.#cursor, this.#lost.signal)).catch(
      (error: unknown) => {
        if (!(error instanceof LeaseLostError)) throw error
      },
    )
    this.#lost.abort(new LeaseLostError(`shard ${this.shard} was given back`))
  }

  /** A stream that was begun anew further back brings what was here before: the cursor does not go back for it. */
  #later(cursor: Cursor | undefined): Cursor | undefined {
    const held = this.#cursor
    if (cursor === undefined || held === undefined) return cursor ?? held
    const same = held.host === cursor.host && held.wire === cursor.wire
    return same && held.value > cursor.value ? held : cursor
  }

  #tick(): void {
    if (this.lost || this.#nowMs() - this.#savedMs < RENEW_EVERY_MS / 2) return
    // Whoever wants to commit next hears of a failure.
    this.#renewing = this.#renew().catch(() => {})
  }

  async #renew(): Promise<void> {
    const cursor = this.#cursor
    const news = cursor === this.#savedCursor ? undefined : cursor
    await this.#guard(() => renew(this.#session, this.#lease(), news, this.#lost.signal))
    this.#saved(cursor)
  }

  #saved(cursor: Cursor | undefined): void {
    this.#savedMs = this.#nowMs()
    this.#savedCursor = cursor
  }

  #lease(): { shard: number; epoch: number; until: number } {
    return { shard: this.shard, epoch: this.#epoch, until: this.#nowMs() + LEASE_MS }
  }

  async #guard<T>(work: () => Promise<T>): Promise<T> {
    try {
      return await work()
    } catch (error) {
      if (error instanceof LeaseLostError) {
        clearInterval(this.#timer)
        this.#lost.abort(error)
      }
      throw error
    }
  }
}
