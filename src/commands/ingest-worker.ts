import { Worker } from 'node:worker_threads'
import { AggregatorRegistry, type MetricObjectWithValues, type MetricValue, type Registry } from 'prom-client'
import type { Did } from '../atproto/event.ts'
import type { Config } from '../config.ts'
import type { ImportProgress } from '../game/imports.ts'
import { StoreFullError } from '../store/store.ts'
import { CommandError } from './command.ts'

/**
 * The thread uses some 80 MB of heap. With V8's default limit of gigabytes four times as much garbage accumulates; with
 * this one V8 collects sooner, at no measurable cost, and the largest repository still fits. What a batch allocates dies with
 * the batch: in a young generation twice V8's own 48 MB nearly all of it dies before V8 copies it, which saves a tenth of the
 * thread's time. 192 MB save no more.
 */
export const INGEST_LIMITS = { maxOldGenerationSizeMb: 1_024, maxYoungGenerationSizeMb: 96 }

/** Messages of the ingest thread. */
export type FromIngest =
  | { kind: 'changed'; dids: Did[] }
  | { kind: 'imported'; did: Did; progress: ImportProgress }
  | { kind: 'metrics'; metrics: MetricObjectWithValues<MetricValue<string>>[] }
  /** It cannot go on, for a reason that the user can fix; `full` if that is a full disk. */
  | { kind: 'failed'; message: string; full: boolean }

export type IngestWorkerOptions = {
  config: Config
  changed: (dids: readonly Did[]) => void
  imported: (did: Did, progress: ImportProgress) => void
  signal: AbortSignal
}

export type IngestWorker = {
  /** Resolves when the thread has ended cleanly; rejects with the error that ended it, a full disk as `StoreFullError`. */
  ended: Promise<void>
  /** The metrics that the thread sent last, merged with those of `own`. */
  metrics(own: Registry): Promise<string>
  /** How often the thread has repeated requests to its database; `undefined` before it has told. */
  retries(): number | undefined
}

/** Starts ingest in a thread of its own; `signal` stops it. */
export function startIngest({ config, changed, imported, signal }: IngestWorkerOptions): IngestWorker {
  const worker = new Worker(new URL('./ingest-thread.ts', import.meta.url), {
    workerData: config,
    resourceLimits: INGEST_LIMITS,
  })
  const stop = (): void => worker.postMessage('stop')
  let latest: MetricObjectWithValues<MetricValue<string>>[] = []
  let failed: Error | undefined
  worker.on('message', (message: FromIngest) => {
    switch (message.kind) {
      case 'changed':
        changed(message.dids)
        break
      case 'imported':
        imported(message.did, message.progress)
        break
      case 'metrics':
        latest = message.metrics
        break
      case 'failed':
        failed = message.full ? new StoreFullError(message.message) : new CommandError(message.message)
        break
    }
  })
  signal.addEventListener('abort', stop, { once: true })
  const ended = new Promise<void>((resolve, reject) => {
    worker.once('error', reject)
    worker.once('exit', (code) => {
      signal.removeEventListener('abort', stop)
      if (failed !== undefined) reject(failed)
      else if (code === 0) resolve()
      else reject(new Error(`the ingest thread ended with code ${code}`))
    })
  })
  return {
    ended,
    retries: () => latest.find(({ name }) => name === 'bsky_rpg_store_retries_total')?.values[0]?.value,
    metrics: async (own) => AggregatorRegistry.aggregate([await own.getMetricsAsJSON(), latest]).metrics(),
  }
}
