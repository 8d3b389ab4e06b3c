import type { Logger } from 'pino'
import type { Did } from '../atproto/event.ts'
import { APPVIEW_SHARES } from '../bluesky/appview.ts'
import { Pace } from '../bluesky/pace.ts'
import { openRepositories } from '../bluesky/repositories.ts'
import type { Config } from '../config.ts'
import type { ImportProgress } from '../game/imports.ts'
import type { IngestMetrics } from '../ingest/metrics.ts'
import { runIngest } from '../ingest/run.ts'
import { appviewOf, clock, gameOf, retentionOf, storeOf } from './from-config.ts'

export type IngestJobOptions = {
  config: Config
  log: Logger
  metrics: IngestMetrics
  changed: (dids: readonly Did[]) => void
  imported: (did: Did, progress: ImportProgress) => void
  signal: AbortSignal
}

/** Runs ingest as configured until `signal` aborts; see `runIngest`. */
export async function ingestJob({
  config,
  log,
  metrics,
  changed,
  imported,
  signal,
}: IngestJobOptions): Promise<void> {
  await using store = await storeOf(config, 'create', { log, ending: signal })
  await runIngest({
    store,
    game: gameOf(config),
    stream: {
      hosts: config.JETSTREAM_URLS,
      start: config.START,
      compression: config.COMPRESSION,
      userDictionary: config.JETSTREAM_V1_DICTIONARY,
      dids: config.DIDS,
    },
    listed: config.IMPORT === 'listed' ? config.DIDS : undefined,
    appview: appviewOf(config, new Pace(APPVIEW_SHARES.ingest)),
    repositories: openRepositories({
      plcUrl: config.PLC_URL,
      received: (bytes) => metrics.repositoryBytes(bytes),
    }),
    retention: retentionOf(config),
    metrics,
    log,
    clock,
    changed,
    imported,
    signal,
  })
  log.info('ingest has stopped; the ledger has everything that it received')
}
