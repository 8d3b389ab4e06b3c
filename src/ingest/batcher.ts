import type { Operation } from '../game/operation.ts'

export type BatcherOptions = {
  /** How long the first operation of a batch waits for others, in milliseconds. */
  withinMs: number
  fold: (operations: readonly Operation[]) => Promise<unknown>
}

/** Folds operations that arrive one by one in batches. Disposing drops those that still wait. */
export class Batcher implements Disposable {
  readonly #options: BatcherOptions
  #waiting: Operation[] = []
  #turn = Promise.withResolvers<void>()
  #timer: NodeJS.Timeout | undefined
  #failure: { error: unknown } | undefined

  constructor(options: BatcherOptions) {
    this.#options = options
  }

  /** Resolves once `operations` are folded. After a fold has failed, every call rejects with its error. */
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
