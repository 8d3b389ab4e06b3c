import { isatty } from 'node:tty'
import { type Logger, pino } from 'pino'
import pretty from 'pino-pretty'

export type LogOptions = { level: string; format: 'pretty' | 'json' | undefined }

const STANDARD_ERROR = 2

/** A log on standard error, which leaves standard output to what commands were asked for. Worker threads may write to it too. */
export function openLog({ level, format }: LogOptions): Logger {
  // In a worker thread the stream does not know what it leads to.
  const onTerminal = isatty(STANDARD_ERROR)
  const readable = format === undefined ? onTerminal : format === 'pretty'
  const destination = pino.destination({ dest: STANDARD_ERROR, sync: true })
  // A log that cannot be written (its disk is full, its reader has gone) must not end what it tells of.
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
