import { constants } from 'node:os'
import type { CommandFlags, Invocation } from '../config.ts'

/** A command of the command line. */
export type Command = {
  /** The arguments after the name, as in ` <actor>`. */
  usage: string
  summary: string
  flags: CommandFlags
  /** The number of arguments, not counting flags; `some`: one or more. */
  positionals: number | 'some'
  /**
   * Resolves with the exit code; ends early and cleanly when `signal` aborts. A command that has not finished its work by
   * then rejects with the signal's reason, an `InterruptedError`.
   */
  run(invocation: Invocation, signal: AbortSignal): Promise<number>
}

/** The command cannot be carried out, for a reason that the user can change; the message says which. */
export class CommandError extends Error {
  override name = 'CommandError'
}

/** A signal arrived before the command had finished its work. */
export class InterruptedError extends Error {
  override name = 'InterruptedError'
  /** As in shells: 128 plus the number of the signal. */
  readonly exitCode: number

  constructor(signal: 'SIGINT' | 'SIGTERM') {
    super(`stopped by ${signal} before the end`)
    this.exitCode = 128 + constants.signals[signal]
  }
}
