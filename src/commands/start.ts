import { CharacterCache } from '../api/character-cache.ts'
import { ImportNews } from '../api/import-news.ts'
import type { Config } from '../config.ts'
import { driverOf } from '../store/drivers.ts'
import { StoreFullError } from '../store/store.ts'
import { type ApiJob, apiJob } from './api-job.ts'
import type { Command } from './command.ts'
import { logOf } from './from-config.ts'
import { startIngest } from './ingest-worker.ts'

export const start: Command = {
  usage: '',
  summary: 'Listen to Jetstream, write the ledger and serve it over HTTP',
  flags: {},
  positionals: 0,
  async run({ config }, signal) {
    await serveAndIngest(config, signal)
    return 0
  },
}

/**
 * Runs ingest in a thread of its own and the API in this one, until `signal` aborts or either fails. A full disk ends only
 * ingest; then this rejects with a `StoreFullError` when the API ends.
 * @param serving called with the URL as soon as the API listens
 */
export async function serveAndIngest(
  config: Config,
  signal: AbortSignal,
  serving: (url: string) => void = () => {},
): Promise<void> {
  const log = logOf(config)
  const failure = new AbortController()
  const end = AbortSignal.any([signal, failure.signal])
  // With other writers, characters change without a message to this process.
  const cache = new CharacterCache({ invalidated: driverOf(config.DATABASE_URL).hasOneWriter })
  const importNews = new ImportNews()
  let notifyApi: ApiJob['changed'] = () => {}
  const changed: ApiJob['changed'] = (dids) => {
    cache.invalidate(dids)
    notifyApi(dids)
  }
  const ingest = startIngest({
    config,
    changed,
    imported: (did, progress) => importNews.note(did, progress),
    signal: end,
  })
  let full = false
  // Handled here as well as at the end: it may reject before the API listens.
  ingest.ended.catch((error: unknown) => {
    if (!(error instanceof StoreFullError)) return failure.abort()
    // The API needs no free space, and a restart would not make any.
    full = true
    log.error(`${error.message} Until then this server answers from the ledger as it is, and /readyz is red.`)
  })
  try {
    const api = await apiJob({
      config,
      log,
      cache,
      importNews,
      preparation: 'create',
      ingestFailure: () => (full ? 'disk full' : undefined),
      ingestRetries: ingest.retries,
      metrics: ingest.metrics,
      signal: end,
    })
    notifyApi = api.changed
    log.info(`serving at ${api.url}`)
    serving(api.url)
    await api.ended
  } finally {
    failure.abort()
    await ingest.ended
  }
}
