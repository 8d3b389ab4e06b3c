import { isatty } from 'node:tty'
import { type Logger, pino } from 'pino'
import pretty from 'pino-pretty'

export type LogOptions = { level: string; format: 'pretty' | 'json' | undefined }

const STANDARD_ERROR = 2

/** Logs to standard error, so that standard output has only the results of commands. Also works in worker threads. */
export function openLog({ level, format }: LogOptions): Logger {
  // Not `process.stderr.isTTY`, which is undefined in a worker thread.
  const onTerminal = isatty(STANDARD_ERROR)
  const readable = format === undefined ? onTerminal : format === 'pretty'
  const destination = pino.destination({ dest: STANDARD_ERROR, sync: true })
  // A log that cannot be written (full disk, closed pipe) must not end the program.
  destination.on('error', () => {})
  if (!readable) return pino({ level, base: null, timestamp: pino.stdTimeFunctions.isoTime }, destination)
  const lines = pretty({
    destination,
    colorize: onTerminal,
    ignore: 'pid,hostname',
    sync: true,
  })
  return pino({ level, base: null }, lines)
}
