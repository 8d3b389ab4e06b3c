// What runs in the worker thread of `start`: the whole of ingest, so that a flood of events does not slow an answer.
import { parentPort, workerData } from 'node:worker_threads'
import type { Config } from '../config.ts'
import { IngestMetrics } from '../ingest/metrics.ts'
import { StoreFullError } from '../store/store.ts'
import { isExpected } from './expected.ts'
import { logOf } from './from-config.ts'
import { ingestJob } from './ingest-job.ts'
import type { FromIngest } from './ingest-worker.ts'

const METRICS_EVERY_MS = 2_000
/** How long what is left behind may keep the thread alive once all is done, in milliseconds. */
const LEFT_OVER_MS = 500

const port = parentPort
if (port === null) throw new Error('ingest-thread.ts is started by ingest-worker.ts, in a thread of its own')
const tell = (message: FromIngest): void => port.postMessage(message)

const config = workerData as Config
const end = new AbortController()
port.once('message', () => end.abort())
const metrics = new IngestMetrics()
const timer = setInterval(async () => {
  tell({ kind: 'metrics', metrics: await metrics.registry.getMetricsAsJSON() })
}, METRICS_EVERY_MS)

try {
  await ingestJob({
    config,
    log: logOf(config),
    metrics,
    changed: (dids) => tell({ kind: 'changed', dids: [...dids] }),
    signal: end.signal,
  })
} catch (error) {
  // Classes do not survive the way between threads; what the user has to mend is told as text.
  if (!isExpected(error)) throw error
  tell({ kind: 'failed', message: error.message, full: error instanceof StoreFullError })
} finally {
  clearInterval(timer)
  // Nothing is waited for any more, so the thread ends: by itself, or, where a library has left a timer or a connection
  // behind (cassandra-driver 4.10 replaces hosts that were away, and never closes the former ones), without it.
  port.close()
  setTimeout(() => process.exit(), LEFT_OVER_MS).unref()
}
