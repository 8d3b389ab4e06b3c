import type { CommandFlags, Invocation } from '../config.ts'

/** One word of the command line and what it does. */
export type Command = {
  /** What comes after the word, as in `forget <actor>`. */
  usage: string
  summary: string
  flags: CommandFlags
  /** How many words may follow, flags apart. */
  positionals: number
  /** Resolves with the exit code when all is over; ends early and cleanly when `signal` aborts. */
  run(invocation: Invocation, signal: AbortSignal): Promise<number>
}

/** The command cannot be done as it was asked for; the message is all that there is to say. */
export class CommandError extends Error {
  override name = 'CommandError'
}
