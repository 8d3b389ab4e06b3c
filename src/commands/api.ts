import { CharacterCache } from '../api/character-cache.ts'
import { ImportNews } from '../api/import-news.ts'
import { apiJob } from './api-job.ts'
import type { Command } from './command.ts'
import { logOf } from './from-config.ts'

export const api: Command = {
  usage: '',
  summary: 'Serve a ledger over HTTP while another process ingests',
  flags: {},
  positionals: 0,
  async run({ config }, signal) {
    const log = logOf(config)
    const cache = new CharacterCache({ invalidated: false })
    const { url, ended } = await apiJob({
      config,
      log,
      cache,
      importNews: new ImportNews(),
      preparation: 'nothing',
      ingestFailure: () => undefined,
      ingestRetries: () => undefined,
      metrics: (own) => own.metrics(),
      signal,
    })
    log.info(`serving at ${url}`)
    await ended
    return 0
  },
}
