// From what happened to what is kept: the stream, the network's answers and people's wishes all pass through one ledger,
// one after the other. Nothing here knows a wire or a table.
import type { Cursor } from '../atproto/event.ts'
import { decide } from '../game/decide.ts'
import type { Game } from '../game/game.ts'
import type { Operation } from '../game/operation.ts'
import type { Changes } from '../game/state.ts'
import { touched } from '../game/touched.ts'
import type { Writer } from '../store/store.ts'

export type LedgerOptions = {
  game: Game
  writer: Writer
  /** Told of everything that was committed, after it was; it must not throw. */
  folded: (changes: Changes) => void
}

/** The only place where the ledger changes. */
export class Ledger {
  readonly #game: Game
  readonly #writer: Writer
  readonly #folded: (changes: Changes) => void
  readonly #failure = new AbortController()
  /** Ends when everything that was asked for so far has been done. */
  #turn: Promise<unknown> = Promise.resolve()

  constructor({ game, writer, folded }: LedgerOptions) {
    this.#game = game
    this.#writer = writer
    this.#folded = folded
  }

  /** Aborts with the first error: from then on nothing more is done here, and all who work on the ledger should end. */
  get failed(): AbortSignal {
    return this.#failure.signal
  }

  /** Decides and commits; durable when it resolves. The cursor stands for everything up to and with `operations`. */
  fold(operations: readonly Operation[], cursor: Cursor | undefined): Promise<Changes> {
    return this.use(async (writer) => {
      // What became others' business meanwhile is left to them.
      const own = operations.filter(({ did }) => writer.owns(did))
      const known = await writer.load(touched(this.#game, own))
      const changes = decide(this.#game, known, own)
      await writer.commit(changes, cursor)
      this.#folded(changes)
      return changes
    })
  }

  /**
   * Lets `work` have the writer, whose methods are called one after the other, when its turn comes.
   * @throws the error of `work`, or the first that any work before it ended with: what failed may have been done by half
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
}
