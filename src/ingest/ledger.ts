// Where operations become stored changes: the stream, the network's answers and the inbox's wishes all take their turns
// here, one after the other. Nothing here knows a wire or a table.
import type { Cursor, Micros } from '../atproto/event.ts'
import { decide } from '../game/decide.ts'
import type { Game } from '../game/game.ts'
import type { Operation } from '../game/operation.ts'
import type { Changes } from '../game/state.ts'
import { touched } from '../game/touched.ts'
import type { RulesState } from '../store/rules.ts'
import type { FoldTimes, Slice } from '../store/slices.ts'
import type { Writer } from '../store/store.ts'
import { gameInForce } from './rules-in-force.ts'
import { moveSome } from './rules-move.ts'

export type LedgerOptions = {
  game: Game
  writer: Writer
  /**
   * Called with the changes of each batch after its commit, slice by slice where it was folded so, and with how long the store
   * took for all of it the last time; must not throw.
   */
  folded: (changes: Changes, took: FoldTimes | undefined) => void
}

/** The only place where the ledger changes. */
export class Ledger {
  #game: Game
  readonly #writer: Writer
  readonly #folded: LedgerOptions['folded']
  readonly #failure = new AbortController()
  /** Settles when all work queued so far has ended. */
  #turn: Promise<unknown> = Promise.resolve()

  constructor({ game, writer, folded }: LedgerOptions) {
    this.#game = game
    this.#writer = writer
    this.#folded = folded
  }

  /** Aborts with the first error: no more work is begun then, and all users of the ledger should end. */
  get failed(): AbortSignal {
    return this.#failure.signal
  }

  /**
   * Decides and commits; durable when it resolves. `cursor` is the place after `operations`; `undefined` leaves the stored
   * one.
   * @returns the changes, of a long batch those of each slice in turn
   */
  fold(operations: readonly Operation[], cursor: Cursor | undefined): Promise<Changes[]> {
    return this.use((writer) => this.foldNow(writer, operations, cursor))
  }

  /** Folds in a turn that `use` has given. */
  async foldNow(
    writer: Writer,
    operations: readonly Operation[],
    cursor: Cursor | undefined,
  ): Promise<Changes[]> {
    // Skips people whose shard has moved to another worker.
    const own = operations.filter(({ did }) => writer.owns(did))
    const changes: Changes[] = []
    const { sliced } = writer
    const took =
      sliced === undefined || own.length <= sliced.operations
        ? await foldWhole(writer, this.#slice(own, changes), cursor)
        : await sliced.fold(this.#slices(own, sliced.operations, changes), cursor)
    for (const [i, some] of changes.entries()) this.#folded(some, i === changes.length - 1 ? took : undefined)
    return changes
  }

  /** The rules by which it decides, and what else makes the game. */
  get game(): Game {
    return this.#game
  }

  /**
   * Takes up rules that other processes have left, and decides by the ledger's rules from then on.
   * @throws {RulesChangedError} where this program cannot award by them
   */
  takeUpRules(at: Micros): Promise<RulesState> {
    return this.use(async (writer) => {
      const state = await writer.takeUpRules(at)
      this.#game = gameInForce(this.#game, state)
      return state
    })
  }

  /** Moves some more people to the newest rules. @returns whether nobody was left */
  moveSome(at: Micros): Promise<boolean> {
    return this.use(async (writer) => {
      const step = await moveSome(this.#game, writer, at)
      if (step !== undefined) this.#folded(step.changes, undefined)
      return step === undefined
    })
  }

  /**
   * Queues `work`, which has the writer to itself when its turn comes.
   * @throws the error of `work`, or the first error of earlier work: what failed may be half done, so nothing follows it
   */
  use<T>(work: (writer: Writer) => Promise<T>): Promise<T> {
    const { signal } = this.#failure
    const turn = this.#turn.then(async () => {
      signal.throwIfAborted()
      return work(this.#writer)
    })
    this.#turn = turn.catch((error: unknown) => this.#failure.abort(error))
    return turn
  }

  /** One slice after the other, each made when the one before is decided. */
  *#slices(operations: readonly Operation[], atOnce: number, changes: Changes[]): Generator<Slice> {
    for (let at = 0; at < operations.length; at += atOnce)
      yield this.#slice(operations.slice(at, at + atOnce), changes)
  }

  /** @param changes takes what is decided */
  #slice(operations: readonly Operation[], changes: Changes[]): Slice {
    return {
      touched: touched(this.#game, operations),
      decide: (known) => {
        const decided = decide(this.#game, known, operations)
        changes.push(decided)
        return decided
      },
    }
  }
}

async function foldWhole(
  writer: Writer,
  { touched, decide }: Slice,
  cursor: Cursor | undefined,
): Promise<FoldTimes> {
  const began = performance.now()
  const known = await writer.load(touched)
  const loaded = performance.now()
  const changes = decide(known)
  const decided = performance.now()
  await writer.commit(changes, cursor)
  const committed = performance.now()
  return { loadSeconds: (loaded - began) / 1_000, commitSeconds: (committed - decided) / 1_000 }
}
