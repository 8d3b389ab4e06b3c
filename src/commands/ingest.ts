import type { Command } from './command.ts'
import { logOf } from './from-config.ts'
import { startIngest } from './ingest-worker.ts'
import { metricsPort } from './metrics-port.ts'
import { processMetrics } from './process-metrics.ts'

export const ingest: Command = {
  usage: '',
  summary: 'Listen to Jetstream and write the ledger, without serving it',
  flags: {},
  positionals: 0,
  async run({ config }, signal) {
    const over = new AbortController()
    const end = AbortSignal.any([signal, over.signal])
    const worker = startIngest({ config, changed: () => {}, imported: () => {}, signal: end })
    // Handled here as well as at the end: it may reject before metrics are served.
    worker.ended.catch(() => {})
    try {
      const own = processMetrics()
      const source = { contentType: own.contentType, metrics: () => worker.metrics(own) }
      await using _server = await metricsPort(config, source, logOf(config))
      await worker.ended
    } finally {
      // Where the port is taken, ingest ends, too.
      over.abort()
      await worker.ended
    }
    return 0
  },
}
