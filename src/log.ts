import { type Logger, pino } from 'pino'
import pretty from 'pino-pretty'

export type LogOptions = { level: string; format: 'pretty' | 'json' | undefined }

/** A log on standard error, which leaves standard output to what commands were asked for. Worker threads may write to it too. */
export function openLog({ level, format }: LogOptions): Logger {
  const readable = format === undefined ? process.stderr.isTTY === true : format === 'pretty'
  const destination = pino.destination({ dest: 2, sync: true })
  if (!readable) return pino({ level, base: null, timestamp: pino.stdTimeFunctions.isoTime }, destination)
  const lines = pretty({
    destination,
    colorize: process.stderr.isTTY === true,
    ignore: 'pid,hostname',
    sync: true,
  })
  return pino({ level, base: null }, lines)
}
