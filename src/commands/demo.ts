import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { simulate } from '../simulator/simulate.ts'
import type { Command } from './command.ts'
import { clock, logOf } from './parts.ts'
import { serveAndIngest } from './start.ts'

const ACTORS = 4_000
const HISTORY = { events: 60_000, days: 28 }
const RATE = 20

export const demo: Command = {
  usage: '',
  summary:
    'The whole product without any network: a simulated one, with a history, and a ledger that goes with it',
  flags: {},
  positionals: 0,
  async run({ config }, signal) {
    const folder = mkdtempSync(join(tmpdir(), 'bsky-rpg-demo-'))
    const log = logOf(config)
    log.info(`making a network of ${ACTORS} people with a history of ${HISTORY.days} days`)
    const options = { host: '127.0.0.1', port: 0, seed: 1, actors: ACTORS, rate: RATE, history: HISTORY }
    const { simulator, run } = await simulate({ ...options, recording: [], faults: 'none', clock })
    try {
      const demoConfig = {
        ...config,
        DATABASE_URL: { driver: 'sqlite' as const, path: join(folder, 'ledger.db') },
        JETSTREAM_URLS: [simulator.url],
        APPVIEW_URL: simulator.httpUrl,
        PLC_URL: simulator.httpUrl,
        EVENTS_RETENTION: 'forever' as const,
        START: 'oldest' as const,
      }
      const over = new AbortController()
      const end = AbortSignal.any([signal, over.signal])
      await Promise.all([run(end), serveAndIngest(demoConfig, end).finally(() => over.abort())])
    } finally {
      rmSync(folder, { recursive: true, force: true })
    }
    return 0
  },
}
