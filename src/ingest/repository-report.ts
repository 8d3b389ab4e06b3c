import type { Logger } from 'pino'
import type { Micros } from '../atproto/event.ts'
import { throttle } from '../throttle.ts'
import type { RepositoryReport } from './asking.ts'
import type { IngestMetrics } from './metrics.ts'

export type RepositoryReportOptions = {
  log: Logger
  metrics: IngestMetrics
  /** Microseconds of a monotonic clock. */
  monotonic: () => Micros
}

/** Reports the results of questions about repositories to the log and the metrics. */
export function repositoryReport({ log, metrics, monotonic }: RepositoryReportOptions) {
  const failed = throttle(monotonic)
  return ({ host, outcome, message }: RepositoryReport): void => {
    metrics.repository(outcome)
    if (message === undefined) return
    failed((count) =>
      log.warn(
        { host, outcome, reason: message, count },
        'could not read a repository; will try again later',
      ),
    )
  }
}
