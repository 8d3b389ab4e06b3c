import type { Logger } from 'pino'
import type { Micros } from '../atproto/event.ts'
import type { StreamObserver } from '../jetstream/observer.ts'
import type { LagMeter } from './lag.ts'
import type { IngestMetrics } from './metrics.ts'

/** Shortest time between two logs of one kind of trouble; what comes between is counted and told with the next. */
const LOG_EVERY_MICROS: Micros = 10_000_000

export type StreamReportOptions = {
  log: Logger
  metrics: IngestMetrics
  lag: LagMeter
  /** Microseconds that have passed since some moment. */
  monotonic: () => Micros
  /** Told that the stream was connected or lost, once the lag meter knows. */
  connectionChanged: () => void
}

/** Tells the log, the metrics and the lag meter what the stream goes through. */
export function streamReport({
  log,
  metrics,
  lag,
  monotonic,
  connectionChanged,
}: StreamReportOptions): StreamObserver {
  const troubles = new Map<string, string>()
  const malformed = sparing(monotonic)
  const misdated = sparing(monotonic)
  let everConnected = false
  return {
    connecting: ({ host, wire }, cursor) => log.debug({ host, wire, cursor }, 'connecting'),
    connected: ({ host, wire, compressed }) => {
      everConnected = true
      troubles.clear()
      lag.connected(host)
      connectionChanged()
      metrics.connection('connected')
      log.info({ host, wire, compressed }, `listening to ${host}`)
    },
    disconnected: ({ host, wire }, ending) => {
      troubles.set(host, ending.message)
      lag.disconnected()
      connectionChanged()
      metrics.connection('disconnected')
      log.debug({ host, wire, ending }, `${host}: ${ending.message}`)
    },
    waiting: (ms, failures) => {
      const tried = [...troubles].map(([host, why]) => `${host} (${why})`).join(', ')
      const hint = everConnected ? '' : ' Without a network, `npm run demo` shows everything.'
      const seconds = (ms / 1000).toFixed(1)
      log.warn(
        { failures },
        `no Jetstream host answers: tried ${tried}. Trying again in ${seconds} s.${hint}`,
      )
    },
    malformed: ({ host }, reason) => {
      metrics.malformed(reason)
      malformed((count) => log.warn({ host, reason, count }, 'skipped unreadable frames'))
    },
    misdated: ({ host }, ahead) => {
      metrics.misdated()
      const why =
        ahead === 0
          ? 'events claim to be from a time to come, and are dated by their neighbours'
          : `this machine's clock is ${Math.round(ahead / 1_000_000)} s behind the stream; events are dated by the stream. Set the clock.`
      misdated((count) => log.warn({ host, count }, why))
    },
    gap: (gap) => {
      metrics.gap(gap.reason)
      log.warn(gap, 'missed a piece of the stream')
    },
    paused: () => metrics.connection('paused'),
    resumed: () => metrics.connection('resumed'),
    uncompressed: ({ host }, reason) => log.debug({ host }, `reading uncompressed: ${reason}`),
  }
}

/** Lets one kind of trouble be told at most every ten seconds, with how often it came since. */
function sparing(monotonic: () => Micros): (tell: (count: number) => void) => void {
  let count = 0
  let told: Micros | undefined
  return (tell) => {
    count += 1
    const now = monotonic()
    if (told !== undefined && now - told < LOG_EVERY_MICROS) return
    tell(count)
    told = now
    count = 0
  }
}
