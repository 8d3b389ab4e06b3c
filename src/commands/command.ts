import { constants } from 'node:os'
import type { CommandFlags, Invocation } from '../config.ts'

/** One word of the command line and what it does. */
export type Command = {
  /** What comes after the word, as in `forget <actor>`. */
  usage: string
  summary: string
  flags: CommandFlags
  /** How many words may follow, flags apart. */
  positionals: number
  /**
   * Resolves with the exit code when all is over; ends early and cleanly when `signal` aborts. A command that has not done
   * what it was asked for by then rejects with the signal's reason, an `InterruptedError`.
   */
  run(invocation: Invocation, signal: AbortSignal): Promise<number>
}

/** The command cannot be done as it was asked for; the message is all that there is to say. */
export class CommandError extends Error {
  override name = 'CommandError'
}

/** A signal came before the command had done what it was asked for. */
export class InterruptedError extends Error {
  override name = 'InterruptedError'
  /** As shells have it: 128 and the signal's number. */
  readonly exitCode: number

  constructor(signal: 'SIGINT' | 'SIGTERM') {
    super(`stopped by ${signal} before the end`)
    this.exitCode = 128 + constants.signals[signal]
  }
}
