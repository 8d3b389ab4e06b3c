import type { Logger } from 'pino'
import type { RepositoryReport } from './asking.ts'
import type { IngestMetrics } from './metrics.ts'

/** Minimum time between two logs; failures in between are counted in the next. */
const LOG_EVERY_MS = 10_000

export type RepositoryReportOptions = {
  log: Logger
  metrics: IngestMetrics
  /** Milliseconds of a monotonic clock. */
  now?: () => number
}

/** Reports the results of questions about repositories to the log and the metrics. */
export function repositoryReport({
  log,
  metrics,
  now = performance.now.bind(performance),
}: RepositoryReportOptions) {
  let nextLog = 0
  let count = 0
  return ({ host, outcome, message }: RepositoryReport): void => {
    metrics.repository(outcome)
    if (message === undefined) return
    count += 1
    if (now() < nextLog) return
    log.warn({ host, outcome, reason: message, count }, 'could not read a repository; will try again later')
    nextLog = now() + LOG_EVERY_MS
    count = 0
  }
}
