// The worker thread that runs ingest, so that a flood of events does not slow the answers of the API.
import { parentPort, workerData } from 'node:worker_threads'
import type { Config } from '../config.ts'
import { IngestMetrics } from '../ingest/metrics.ts'
import { StoreFullError } from '../store/store.ts'
import { isExpected } from './expected.ts'
import { logOf } from './from-config.ts'
import { ingestJob } from './ingest-job.ts'
import type { FromIngest } from './ingest-worker.ts'

const METRICS_EVERY_MS = 2_000
/** How long leftover timers and connections may keep the thread alive after its work is done. */
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
    imported: (did, progress) => tell({ kind: 'imported', did, progress }),
    signal: end.signal,
  })
} catch (error) {
  // Messages between threads lose the class of an error, so one that the user can fix is sent as text.
  if (!isExpected(error)) throw error
  tell({ kind: 'failed', message: error.message, full: error instanceof StoreFullError })
} finally {
  clearInterval(timer)
  // The thread ends by itself, unless a library has left a timer or a connection open: cassandra-driver 4.10 replaces hosts
  // that were down without closing the old ones. Then `exit` ends it.
  port.close()
  setTimeout(() => process.exit(), LEFT_OVER_MS).unref()
}
