// A process that does a part of the soak, so that the parts do not delay each other, and the calls that it answers.
import { type ChildProcess, fork } from 'node:child_process'
import { once } from 'node:events'
import { inspect } from 'node:util'

/** What a helper can be asked for, by name. */
type Calls = Readonly<Record<string, (argument: never) => Promise<unknown>>>

type Request = { n: number; name: string; argument: unknown }
type Answer = { n: number; value: unknown; error: string | undefined }
type Waiting = { resolve: (value: never) => void; reject: (error: Error) => void }

/** A running helper; `C` are its calls. */
export class Helper<C extends Calls> implements AsyncDisposable {
  readonly #script: URL
  readonly #child: ChildProcess
  readonly #closed: Promise<unknown>
  readonly #waiting = new Map<number, Waiting>()
  #asked = 0

  constructor(script: URL) {
    this.#script = script
    this.#child = fork(script, { serialization: 'advanced' })
    this.#closed = once(this.#child, 'close')
    this.#child.on('message', (answer: Answer) => this.#take(answer))
    this.#child.once('close', (code, signal) => {
      for (const { reject } of this.#waiting.values())
        reject(new Error(`${script.pathname} ended with ${signal ?? code}`))
      this.#waiting.clear()
    })
  }

  /** @throws {Error} if the call fails, or the process has ended */
  async call<K extends keyof C & string>(
    name: K,
    argument: Parameters<C[K]>[0],
  ): Promise<Awaited<ReturnType<C[K]>>> {
    if (!this.#child.connected) throw new Error(`${this.#script.pathname} has ended`)
    const n = this.#asked++
    return await new Promise((resolve, reject) => {
      this.#waiting.set(n, { resolve, reject })
      this.#child.send({ n, name, argument } satisfies Request)
    })
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#child.kill('SIGKILL')
    await this.#closed
  }

  #take({ n, value, error }: Answer): void {
    const waiting = this.#waiting.get(n)
    this.#waiting.delete(n)
    if (error === undefined) waiting?.resolve(value as never)
    else waiting?.reject(new Error(error))
  }
}

/** Answers the calls of the process that has started this one, until that process ends. */
export function answer(calls: Calls): void {
  process.on('message', async ({ n, name, argument }: Request) => {
    try {
      const value = await calls[name]?.(argument as never)
      process.send?.({ n, value, error: undefined } satisfies Answer)
    } catch (error) {
      process.send?.({ n, value: undefined, error: inspect(error) } satisfies Answer)
    }
  })
  process.once('disconnect', () => process.exit())
}
