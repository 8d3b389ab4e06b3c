import type { Operation } from '../game/operation.ts'

export type GatheringOptions = {
  /** How long the first waits for others, in milliseconds. */
  withinMs: number
  fold: (operations: readonly Operation[]) => Promise<unknown>
}

/** Folds what comes in many small pieces together, a moment's worth at a time. What still waits when it is disposed is dropped. */
export class Gathering implements Disposable {
  readonly #options: GatheringOptions
  #waiting: Operation[] = []
  #turn = Promise.withResolvers<void>()
  #timer: NodeJS.Timeout | undefined
  #failure: { error: unknown } | undefined

  constructor(options: GatheringOptions) {
    this.#options = options
  }

  /** Resolves once `operations` are in the ledger; rejects where they cannot be, and from then on always. */
  async add(operations: readonly Operation[]): Promise<void> {
    if (this.#failure !== undefined) throw this.#failure.error
    this.#waiting.push(...operations)
    this.#timer ??= setTimeout(() => this.#foldAll(), this.#options.withinMs)
    return this.#turn.promise
  }

  [Symbol.dispose](): void {
    clearTimeout(this.#timer)
  }

  #foldAll(): void {
    const [operations, turn] = [this.#waiting, this.#turn]
    this.#waiting = []
    this.#turn = Promise.withResolvers()
    this.#timer = undefined
    this.#options.fold(operations).then(
      () => turn.resolve(),
      (error: unknown) => {
        this.#failure ??= { error }
        turn.reject(error)
      },
    )
  }
}
