import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { Config } from '../config.ts'
import { simulate } from '../simulator/simulate.ts'
import type { Command } from './command.ts'
import { tellStory } from './demo-story.ts'
import { clock, logOf } from './from-config.ts'
import { serveAndIngest } from './start.ts'

const ACTORS = 4_000
const HISTORY = { events: 60_000, days: 28 }
/** People whom no event names: somebody has to have their histories counted. */
const QUIET = { people: 8, records: 800 }
const RATE = 20
/** A demo may run for days: its network must stop growing, and slow clients stay connected. */
const LIMITS = {
  keeps: 100_000,
  recordsPerPerson: 1_000,
  records: 200_000,
  slow: { bytes: 4 * 2 ** 20, ms: 3_600_000 },
}

export const demo: Command = {
  usage: '',
  summary: 'Try everything offline: serve a simulated network with a history, in a temporary ledger',
  flags: {},
  positionals: 0,
  async run({ config }, signal) {
    const folder = mkdtempSync(join(tmpdir(), 'bsky-rpg-demo-'))
    const log = logOf(config)
    log.info(
      `Making a network of ${ACTORS} people with a history of ${HISTORY.days} days; this takes a few seconds.`,
    )
    const options = {
      host: '127.0.0.1',
      port: 0,
      seed: 1,
      actors: ACTORS,
      rate: RATE,
      history: HISTORY,
      quiet: QUIET,
    }
    const { simulator, run } = await simulate({
      ...options,
      recording: [],
      faults: 'none',
      limits: LIMITS,
      clock,
    })
    try {
      const demoConfig = {
        ...config,
        DATABASE_URL: { driver: 'sqlite' as const, path: join(folder, 'ledger.db') },
        JETSTREAM_URLS: [simulator.url],
        APPVIEW_URL: simulator.httpUrl,
        PLC_URL: simulator.httpUrl,
        EVENTS_RETENTION: 'forever' as const,
        START: 'oldest' as const,
        LOG_LEVEL: quieter(config.LOG_LEVEL),
      }
      const over = new AbortController()
      const end = AbortSignal.any([signal, over.signal])
      let story = Promise.resolve()
      const serving = (url: string): void => {
        const began = simulator.archive.entries[0]?.event.at ?? clock()
        const stranger = simulator.network.people.findLast(({ shy, status }) => !shy && status === 'active')
        story = tellStory({ url, began, stranger: stranger?.handle, log, clock, signal: end })
      }
      await Promise.all([run(end), serveAndIngest(demoConfig, end, serving).finally(() => over.abort())])
      await story
    } finally {
      rmSync(folder, { recursive: true, force: true })
    }
    return 0
  },
}

/** Hides the routine log lines of ingest and API, unless the user asked for more than the default. */
function quieter(level: Config['LOG_LEVEL']): Config['LOG_LEVEL'] {
  return level === 'info' ? 'warn' : level
}
