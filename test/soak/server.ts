import { setTimeout as sleep } from 'node:timers/promises'
import type { Simulator } from '../../src/simulator/simulator.ts'
import { flagsFor, Program, until } from '../e2e/harness.ts'
import { type Control, controlled, writeControl } from './control.ts'

/** The message that the program must print when its disk is full. */
const FULL = /disk full: /
/** How long a start or a stop may take on a busy machine. */
const END_MS = 180_000

export type ServerOptions = {
  simulator: Simulator
  ledger: string
  control: string
  retention: string
}

/** The program under test, which can be started again however it ended. */
export class Server implements AsyncDisposable {
  readonly #options: ServerOptions
  #control: Control = { clockMs: 0, diskFull: false }
  #program: Program | undefined
  /** More flags for the next start. */
  flags: readonly string[] = []

  constructor(options: ServerOptions) {
    this.#options = options
    this.set({})
  }

  /** Changes the clock or the disk that the program sees. */
  set(control: Partial<Control>): void {
    this.#control = { ...this.#control, ...control }
    writeControl(this.#options.control, this.#control)
  }

  start(): void {
    this.#program = this.#run('start', this.flags)
  }

  async kill(): Promise<void> {
    await this.#program?.kill('SIGKILL')
  }

  /** Stops it with SIGTERM, as a service manager does. */
  async stop(): Promise<void> {
    const program = this.#program
    if (program === undefined) return
    const ended = await withinTime(program.kill('SIGTERM'), program)
    // Before it has said anything it cannot hear of it either.
    if (ended === 0 || (ended === 'SIGTERM' && program.output === '')) return
    throw new Error(`the server ended with ${ended}: ${program.output.slice(-2_000)}`)
  }

  /** Keeps the disk full until the server reports it; checks that it goes on running, and then stops it. */
  async fillDisk(): Promise<void> {
    const program = this.#program
    if (program === undefined) return
    this.set({ diskFull: true })
    try {
      await until('the server says that the disk is full', () => FULL.test(program.output), END_MS)
    } catch (error) {
      throw new Error(`the disk is full, and the server says: ${program.output.slice(-2_000)}`, {
        cause: error,
      })
    } finally {
      this.set({ diskFull: false })
    }
    if (program.child.exitCode !== null) {
      throw new Error(`on a full disk the server ended: ${program.output.slice(-2_000)}`)
    }
    await withinTime(program.kill('SIGTERM'), program)
  }

  /** Runs one of the other commands to its end. */
  async command(name: string, ...args: string[]): Promise<string> {
    await using program = this.#run(name, args)
    const ended = await withinTime(program.ended, program)
    if (ended !== 0) throw new Error(`${name} ended with ${ended}: ${program.output.slice(-2_000)}`)
    return program.output
  }

  /** @throws if the server has ended by itself */
  async assertAlive(): Promise<void> {
    const program = this.#program
    if (program === undefined || program.child.exitCode === null) return
    throw new Error(`the server ended with ${program.child.exitCode}: ${program.output.slice(-2_000)}`)
  }

  get output(): string {
    return this.#program?.output ?? ''
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.kill()
  }

  #run(command: string, args: readonly string[]): Program {
    const { simulator, ledger, control, retention } = this.#options
    const flags = command === 'start' ? [...flagsFor(simulator, ledger), '--events-retention', retention] : []
    const file = flags.length === 0 ? ['--database-url', `sqlite:${ledger}`] : []
    return new Program([command, ...flags, ...file, ...args], controlled(control))
  }
}

async function withinTime<T>(ended: Promise<T>, program: Program): Promise<T> {
  const over = new AbortController()
  const late = sleep(END_MS, undefined, { signal: over.signal, ref: false }).then(() => {
    throw new Error(`no end within ${END_MS} ms: ${program.output.slice(-2_000)}`)
  })
  try {
    return await Promise.race([ended, late])
  } finally {
    over.abort()
    late.catch(() => {})
  }
}
