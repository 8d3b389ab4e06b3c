import type { Logger } from 'pino'
import type { Micros } from '../atproto/event.ts'
import type { StreamObserver } from '../jetstream/observer.ts'
import type { LagMeter } from './lag.ts'
import type { IngestMetrics } from './metrics.ts'

/** Most often that one kind of trouble is logged, in microseconds; the rest is counted and told with the next. */
const LOG_EVERY: Micros = 10_000_000

export type StreamReportOptions = {
  log: Logger
  metrics: IngestMetrics
  lag: LagMeter
  clock: () => Micros
}

/** Tells the log, the metrics and the lag meter what the stream goes through. */
export function streamReport({ log, metrics, lag, clock }: StreamReportOptions): StreamObserver {
  const troubles = new Map<string, string>()
  const malformed = { since: 0, count: 0 }
  let everConnected = false
  return {
    connecting: ({ host, wire }, cursor) => log.debug({ host, wire, cursor }, 'connecting'),
    connected: ({ host, wire, compressed }) => {
      everConnected = true
      troubles.clear()
      lag.connected(host, clock())
      metrics.connection('connected')
      log.info({ host, wire, compressed }, `listening to ${host}`)
    },
    disconnected: ({ host, wire }, ending) => {
      troubles.set(host, ending.message)
      lag.disconnected(clock())
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
      malformed.count += 1
      const now = clock()
      if (now - malformed.since < LOG_EVERY) return
      log.warn({ host, reason, count: malformed.count }, 'skipped frames that cannot be read')
      malformed.since = now
      malformed.count = 0
    },
    gap: (gap) => {
      metrics.gap(gap.reason)
      log.warn(gap, 'a piece of the stream is missing')
    },
    paused: () => metrics.connection('paused'),
    resumed: () => metrics.connection('resumed'),
    uncompressed: ({ host }, reason) => log.debug({ host }, `reading uncompressed: ${reason}`),
  }
}
