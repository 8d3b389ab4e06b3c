import type { Logger } from 'pino'
import type { RepositoryReport } from './asking.ts'
import type { IngestMetrics } from './metrics.ts'

/** Most often that repositories which cannot be read are logged, in milliseconds; the rest is counted and told with the next. */
const LOG_EVERY_MS = 10_000

export type RepositoryReportOptions = {
  log: Logger
  metrics: IngestMetrics
  /** Milliseconds of a clock that only moves on. */
  now?: () => number
}

/** Tells the log and the metrics what becomes of questions about repositories. */
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
