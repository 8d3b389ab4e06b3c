import type { Logger } from 'pino'
import type { Micros } from '../atproto/event.ts'
import type { StreamObserver } from '../jetstream/observer.ts'
import { throttle } from '../throttle.ts'
import type { LagMeter } from './lag.ts'
import type { IngestMetrics } from './metrics.ts'

export type StreamReportOptions = {
  log: Logger
  metrics: IngestMetrics
  lag: LagMeter
  /** Microseconds of a monotonic clock. */
  monotonic: () => Micros
  /** Called when the stream was connected or lost, after the lag meter. */
  connectionChanged: () => void
}

/** Reports what happens to the stream to the log, the metrics and the lag meter. */
export function streamReport({
  log,
  metrics,
  lag,
  monotonic,
  connectionChanged,
}: StreamReportOptions): StreamObserver {
  const failures = new Map<string, string>()
  const malformed = throttle(monotonic)
  const misdated = throttle(monotonic)
  let everConnected = false
  return {
    connecting: ({ host, wire }, cursor) => log.debug({ host, wire, cursor }, 'connecting'),
    connected: ({ host, wire, compressed }) => {
      everConnected = true
      failures.clear()
      lag.connected(host)
      connectionChanged()
      metrics.connection('connected')
      log.info({ host, wire, compressed }, `listening to ${host}`)
    },
    disconnected: ({ host, wire }, ending) => {
      failures.set(host, ending.message)
      lag.disconnected()
      connectionChanged()
      metrics.connection('disconnected')
      log.debug({ host, wire, ending }, `${host}: ${ending.message}`)
    },
    waiting: (ms, tries) => {
      const tried = [...failures].map(([host, why]) => `${host} (${why})`).join(', ')
      const hint = everConnected ? '' : ' Without a network, `npm run demo` shows everything.'
      const seconds = (ms / 1000).toFixed(1)
      log.warn(
        { failures: tries },
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
          ? 'events are dated in the future, and get the time of their neighbours'
          : `this machine's clock is ${Math.round(ahead / 1_000_000)} s behind the stream; events are dated by the stream. Set the clock.`
      misdated((count) => log.warn({ host, count }, why))
    },
    gap: (gap) => {
      metrics.gap(gap.reason, gap.to === undefined ? undefined : gap.to - gap.from)
      log.warn(gap, 'missed a piece of the stream')
    },
    paused: () => metrics.connection('paused'),
    resumed: () => metrics.connection('resumed'),
    uncompressed: ({ host }, reason) => log.debug({ host }, `reading uncompressed: ${reason}`),
  }
}
