import type { Logger } from 'pino'
import type { Did } from '../atproto/event.ts'
import type { ImportProgress } from '../game/imports.ts'
import type { IngestMetrics } from './metrics.ts'

export type ImportReportOptions = {
  log: Logger
  metrics: Pick<IngestMetrics, 'imported'>
  told: (did: Did, progress: ImportProgress) => void
}

/** Reports imports to the log, the metrics and those who follow them. */
export function importReport({ log, metrics, told }: ImportReportOptions) {
  return (did: Did, progress: ImportProgress): void => {
    told(did, progress)
    switch (progress.state) {
      case 'reading':
      case 'counting':
        return
      case 'imported':
        log.info({ did, ...progress }, 'imported a history')
        break
      case 'failed':
        log.warn({ did, ...progress }, 'could not import a history')
        break
      // Not whose it was: nobody is to learn that they are known here.
      case 'refused':
      case 'cancelled':
        log.debug(progress, 'a history was not imported')
        break
    }
    metrics.imported(progress.state)
  }
}
