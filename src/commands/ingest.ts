import { IngestMetrics } from '../ingest/metrics.ts'
import type { Command } from './command.ts'
import { ingestJob } from './ingest-job.ts'
import { logOf } from './parts.ts'

export const ingest: Command = {
  usage: '',
  summary: 'Listen to Jetstream and keep the ledger, without serving it',
  flags: {},
  positionals: 0,
  async run({ config }, signal) {
    const log = logOf(config)
    await ingestJob({ config, log, metrics: new IngestMetrics(), changed: () => {}, signal })
    return 0
  },
}
