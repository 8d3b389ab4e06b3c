import type { Logger } from 'pino'
import type { Micros } from '../atproto/event.ts'
import type { RequestError } from '../bluesky/request.ts'
import { iso } from '../game/time.ts'
import { throttle } from '../throttle.ts'
import type { IngestMetrics } from './metrics.ts'
import type { ReconciliationProgress } from './reconciliation.ts'

export type ReconciliationReportOptions = {
  log: Pick<Logger, 'info' | 'warn'>
  metrics: Pick<IngestMetrics, 'reconciled'>
  /** Microseconds of a monotonic clock. */
  monotonic: () => Micros
}

/** Reports to the log and the metrics how everybody is compared with their repositories. */
export function reconciliationReport({ log, metrics, monotonic }: ReconciliationReportOptions) {
  const failures = throttle(monotonic)
  return {
    report: (progress: ReconciliationProgress): void => {
      switch (progress.state) {
        case 'begun':
          log.info({ since: iso(progress.since) }, 'comparing everybody with their repositories after a gap')
          break
        case 'compared':
          metrics.reconciled(progress.became)
          break
        case 'ended':
          log.info({ since: iso(progress.since) }, 'everybody has been compared with their repositories')
          break
      }
    },
    failed: ({ message }: RequestError): void =>
      failures((count) =>
        log.warn({ reason: message, count }, 'could not compare somebody with their repository'),
      ),
  }
}
