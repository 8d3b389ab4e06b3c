// One shard, as its owner works on it. A batch is planned in memory, stored in the journal, and committed by one conditional
// write to the shard's row; only then its rows are written. The next owner writes the last batches again, so that a crash
// leaves nothing half done.
//
// The cache in memory is right as long as no other worker has taken the shard and the database has kept what it confirmed.
// A breach of either is handled in the same way: the shard counts as lost, and has to be taken and read anew.
import { setMaxListeners } from 'node:events'
import type { Cursor } from '../../../atproto/event.ts'
import type { Session } from '../driver/session.ts'
import type { Mutation } from '../rows/mutations.ts'
import { writeMutations } from '../rows/requests.ts'
import { forgetBefore, keep, pack, timesOf } from './journal.ts'
import {
  commit,
  declareRules,
  LEASE_MS,
  type Lease,
  LeaseLostError,
  move,
  renew,
  type ShardRow,
} from './leases.ts'
import { rewriteLast } from './rewrite.ts'
import { readShardTotals, type ShardTotals } from './shard-totals.ts'
import { laterOf } from './stream-place.ts'

export type OwnedShardOptions = {
  session: Session
  row: ShardRow
  totals: ShardTotals
  /** How often the last connection had been lost when the shard's row was read. */
  outages: number
}

/** A batch without the changes of the totals, which `commit` adds. */
export type Planned = { mutations: readonly Mutation[]; forgets: boolean }

/** How often a cursor that moved without a batch is saved, and a lease is renewed, in milliseconds. */
const CURSOR_EVERY_MS = 1_000
const RENEW_EVERY_MS = LEASE_MS / 3

export class OwnedShard {
  readonly shard: number
  readonly totals: ShardTotals
  /** Batches that this owner has committed. */
  batches = 0
  /** The rules that its row names: those that award its people, or to which they are being moved. */
  rules: string | undefined
  readonly #session: Session
  readonly #epoch: number
  readonly #outages: number
  readonly #lost = new AbortController()
  #seq: number
  #cursor: Cursor | undefined
  #until: number
  #savedMs = performance.now()
  #savedCursor: Cursor | undefined
  #timer: NodeJS.Timeout
  #renewing: Promise<void> = Promise.resolve()
  /** Ends with the last change of the shard's row that was begun. */
  #turn: Promise<unknown> = Promise.resolve()
  /** Batches, from the next on, after each of which all earlier ones leave the journal. */
  #toForget = 0

  private constructor({ session, row, totals, outages }: OwnedShardOptions) {
    this.shard = row.shard
    this.totals = totals
    this.rules = row.rules
    this.#session = session
    this.#epoch = row.epoch
    this.#outages = outages
    this.#seq = row.seq
    this.#cursor = row.cursor
    this.#savedCursor = row.cursor
    this.#until = row.until
    // Every request that waits for its next attempt listens.
    setMaxListeners(0, this.#lost.signal)
    this.#timer = setInterval(() => this.#tick(), RENEW_EVERY_MS)
    this.#timer.unref()
  }

  /**
   * Begins to own the shard that `row` says: writes the last batches of former owners again, then reads the totals. In this
   * order, since a former owner may have died between committing a batch and writing its rows.
   * @throws {BatchMissingError} where the journal does not have the very last one
   */
  static async open(session: Session, row: ShardRow, outages: number): Promise<OwnedShard> {
    await rewriteLast(session, row)
    return new OwnedShard({ session, row, totals: await readShardTotals(session, row.shard), outages })
  }

  /** Whether another worker has taken the shard, or the database may have lost writes that the cache here contains. */
  get lost(): boolean {
    return this.#lost.signal.aborted || this.#session.outages !== this.#outages
  }

  get cursor(): Cursor | undefined {
    return this.#cursor
  }

  /** The time of the batch that comes next. */
  get nextTime(): number {
    return timesOf(this.#epoch, this.#seq + 1).write
  }

  /**
   * Commits a batch, and the cursor with it; durable when it resolves.
   * @throws {LeaseLostError}
   */
  commit({ mutations: planned, forgets }: Planned, reached: Cursor | undefined): Promise<void> {
    return this.#guard(async () => {
      const cursor = laterOf(this.#cursor, reached)
      if (planned.length === 0 && !this.totals.changed) {
        this.#cursor = cursor
        if (performance.now() - this.#savedMs >= CURSOR_EVERY_MS) await this.#saveCursor()
        return
      }
      const seq = this.#seq + 1
      const times = timesOf(this.#epoch, seq)
      const mutations = [...planned, ...this.totals.mutations({ seq, cursor })]
      await this.#storeAndCommit(mutations, cursor)
      this.#seq = seq
      this.batches += 1
      // Not before: a renewal that runs beside this saves the cursor, which must not be ahead of the committed batches.
      this.#cursor = cursor
      this.#saved(cursor)
      const { signal } = this.#lost
      await writeMutations(this.#session, mutations, times, signal)
      // The batch that forgets somebody names them itself, and leaves the journal after the next one.
      if (forgets) this.#toForget = 2
      if (this.#toForget > 0) {
        this.#toForget -= 1
        await forgetBefore(this.#session, { shard: this.shard, seq, time: times.write }, signal)
      }
      this.#assertOwned()
    })
  }

  /**
   * Declares by which rules all of the shard is awarded from now on, or to which its people are moved.
   * @throws {LeaseLostError}
   */
  declareRules(rules: string): Promise<void> {
    return this.#guard(async () => {
      await this.#inTurn(() => declareRules(this.#session, this.#lease(), rules, this.#lost.signal))
      this.rules = rules
    })
  }

  /**
   * Saves the cursor now.
   * @throws {LeaseLostError}
   */
  saveCursor(): Promise<void> {
    return this.#guard(() => this.#saveCursor())
  }

  /** Gives the shard back, with the cursor saved. @returns false where it was lost before */
  async release(): Promise<boolean> {
    clearInterval(this.#timer)
    // A renewal under way would take back the lease that has been given up.
    await this.#renewing
    let isReleased = !this.lost
    if (isReleased) {
      await this.#guard(async () => {
        const given = { ...this.#lease(), until: 0 }
        const { signal } = this.#lost
        if (this.#cursor === undefined) await renew(this.#session, given, signal)
        else await move(this.#session, given, this.#cursor, signal)
      }).catch((error: unknown) => {
        if (!(error instanceof LeaseLostError)) throw error
        isReleased = false
      })
    }
    this.#lost.abort(new LeaseLostError(`shard ${this.shard} was given back`))
    return isReleased
  }

  /** Stops renewing: the shard is another worker's. */
  drop(): void {
    clearInterval(this.#timer)
    this.#lost.abort(new LeaseLostError(`shard ${this.shard} has to be taken again`))
  }

  /**
   * Stores the batch in the journal, then commits it. It is stored again before each attempt: a database that crashed in
   * between may have lost the journal, and the shard's row must not name a batch that is not there.
   */
  async #storeAndCommit(mutations: readonly Mutation[], cursor: Cursor | undefined): Promise<void> {
    const { signal } = this.#lost
    const [epoch, seq] = [this.#epoch, this.#seq + 1]
    const chunks = pack({ epoch, mutations: [...mutations] })
    const place = { shard: this.shard, seq, time: timesOf(epoch, seq).write }
    await this.#session.retries.run(`batch ${seq} of shard ${this.shard}`, signal, async () => {
      this.#assertOwned()
      await keep(this.#session, place, chunks, signal)
      this.#assertOwned()
      await this.#inTurn(() => commit(this.#session, this.#lease(), { chunks: chunks.length, cursor }))
      this.#assertOwned()
    })
  }

  /** @throws {LeaseLostError} */
  #assertOwned(): void {
    this.#lost.signal.throwIfAborted()
    if (this.lost) {
      throw new LeaseLostError(
        `shard ${this.shard} has to be taken again: every connection to the database was lost, which may have lost what it had taken`,
      )
    }
  }

  #tick(): void {
    if (this.lost || performance.now() - this.#savedMs < RENEW_EVERY_MS / 2) return
    // A failure is reported to the next commit.
    this.#renewing = this.#guard(() => this.#saveCursor()).catch(() => {})
  }

  async #saveCursor(): Promise<void> {
    await this.#inTurn(async () => {
      const cursor = this.#cursor
      const { signal } = this.#lost
      if (cursor === undefined || cursor === this.#savedCursor) {
        await renew(this.#session, this.#lease(), signal)
      } else {
        await move(this.#session, this.#lease(), cursor, signal)
      }
      this.#saved(cursor)
    })
  }

  /**
   * Conditional writes of the shard's row go one after the other: where two are under way, servers refuse each other's, and
   * wait two seconds for one that hangs before they try again.
   */
  #inTurn<T>(work: () => Promise<T>): Promise<T> {
    const turn = this.#turn.then(work)
    this.#turn = turn.catch(() => {})
    return turn
  }

  #saved(cursor: Cursor | undefined): void {
    this.#savedMs = performance.now()
    this.#savedCursor = cursor
  }

  /** Every renewal differs from the one before even if the clock is set back: other workers look for a change. */
  #lease(): Lease {
    this.#until = Math.max(this.#until + 1, Date.now() + LEASE_MS)
    return { shard: this.shard, epoch: this.#epoch, until: this.#until, seq: this.#seq }
  }

  async #guard<T>(work: () => Promise<T>): Promise<T> {
    try {
      this.#assertOwned()
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
