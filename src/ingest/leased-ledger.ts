import type { Cursor, Did } from '../atproto/event.ts'
import type { Operation } from '../game/operation.ts'
import type { Changes } from '../game/state.ts'
import type { Writer } from '../store/store.ts'
import type { Ledger } from './ledger.ts'

/** The person's shard has left this writer since work about them began, even if it has come back. */
export class LeaseEndedError extends Error {
  override readonly name = 'LeaseEndedError'

  constructor(did: Did) {
    super(`the shard of ${did} has left this worker while it worked for them`)
  }
}

/**
 * The ledger for work about one person that takes several turns and only holds as a whole: to read their repository, remove
 * what it lacks and close the question, for instance. While a shard is away, a fold skips its people and a page of their records
 * is empty. Work that went on after the shard's return would have left something out, and nobody would know.
 */
export class LeasedLedger {
  readonly #ledger: Pick<Ledger, 'use' | 'foldNow'>
  readonly #did: Did
  readonly #lease: object

  /** @throws {LeaseEndedError} where another writer has the person's shard already */
  static async begin(ledger: Pick<Ledger, 'use' | 'foldNow'>, did: Did): Promise<LeasedLedger> {
    const lease = await ledger.use(async (writer) => writer.leaseOf(did))
    if (lease === undefined) throw new LeaseEndedError(did)
    return new LeasedLedger(ledger, did, lease)
  }

  private constructor(ledger: Pick<Ledger, 'use' | 'foldNow'>, did: Did, lease: object) {
    this.#ledger = ledger
    this.#did = did
    this.#lease = lease
  }

  /** See `Ledger.fold`. @throws {LeaseEndedError} where it may have folded nothing */
  fold(operations: readonly Operation[], cursor: Cursor | undefined): Promise<Changes[]> {
    return this.use((writer) => this.#ledger.foldNow(writer, operations, cursor))
  }

  /** See `Ledger.use`. @throws {LeaseEndedError} where `work` may have met a writer without the person */
  async use<T>(work: (writer: Writer) => Promise<T>): Promise<T> {
    const done = await this.#ledger.use(async (writer) => {
      if (!this.#holds(writer)) return undefined
      const result = await work(writer)
      // A lease may end at any request to the database.
      return this.#holds(writer) ? { result } : undefined
    })
    // Not within the turn: this is no failure of the ledger.
    if (done === undefined) throw new LeaseEndedError(this.#did)
    return done.result
  }

  #holds(writer: Writer): boolean {
    return writer.leaseOf(this.#did) === this.#lease
  }
}
