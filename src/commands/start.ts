import { CharacterCache } from '../api/character-cache.ts'
import type { Config } from '../config.ts'
import { driverOf } from '../store/drivers.ts'
import { StoreFullError } from '../store/store.ts'
import { apiJob } from './api-job.ts'
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
 * Ingest in a thread of its own and the API in this one, until `signal` aborts or either fails. A full disk ends ingest
 * alone, and is the failure that this rejects with when the rest ends.
 * @param serving told where, as soon as it answers
 */
export async function serveAndIngest(
  config: Config,
  signal: AbortSignal,
  serving: (url: string) => void = () => {},
): Promise<void> {
  const log = logOf(config)
  const failure = new AbortController()
  const end = AbortSignal.any([signal, failure.signal])
  // Where others write, too, they change characters of which nobody tells us.
  const cache = new CharacterCache({ invalidated: driverOf(config.DATABASE_URL).hasOneWriter })
  const ingest = startIngest({ config, changed: (dids) => cache.invalidate(dids), signal: end })
  let full = false
  // Heard of below; the API may take a moment to listen before that.
  ingest.ended.catch((error: unknown) => {
    if (!(error instanceof StoreFullError)) return failure.abort()
    // What is held can be served without any room. Starting again would not make some.
    full = true
    log.error(`${error.message} Until then this server answers from the ledger as it is, and /readyz is red.`)
  })
  try {
    const { url, ended } = await apiJob({
      config,
      log,
      cache,
      preparation: 'create',
      ingestFailure: () => (full ? 'disk full' : undefined),
      metrics: ingest.metrics,
      signal: end,
    })
    log.info(`serving at ${url}`)
    serving(url)
    await ended
  } finally {
    failure.abort()
    await ingest.ended
  }
}
