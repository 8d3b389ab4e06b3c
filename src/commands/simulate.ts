import type { StreamEvent } from '../atproto/event.ts'
import { ConfigError } from '../config.ts'
import { readRecording } from '../simulator/recording.ts'
import { simulate as run } from '../simulator/simulate.ts'
import type { Command } from './command.ts'
import { clock, logOf } from './from-config.ts'
import { listening } from './listening.ts'

export const simulate: Command = {
  usage: '',
  summary: 'Run a small simulated network: Jetstream, AppView and repositories on one port',
  flags: {
    seed: {
      type: 'string',
      meaning: 'seed of the network; the same seed makes the same network (default 1)',
    },
    actors: { type: 'string', meaning: 'number of people (default 2000)' },
    rate: { type: 'string', meaning: 'events a second (default 50)' },
    history: { type: 'string', meaning: 'number of events in the past 30 days (default 0)' },
    file: { type: 'string', meaning: 'recording to send first: v1 messages, one a line' },
    faults: {
      type: 'boolean',
      meaning: 'drop, repeat, reorder and break frames; let the AppView fail now and then',
    },
  },
  positionals: 0,
  async run({ config, flags }, signal) {
    const log = logOf(config)
    const { HOST: host, PORT: port } = config
    const options = {
      host,
      port,
      seed: whole('seed', flags.seed, 1),
      actors: Math.max(2, whole('actors', flags.actors, 2_000)),
      rate: Math.max(1, whole('rate', flags.rate, 50)),
      history: { events: whole('history', flags.history, 0), days: 30 },
      recording: typeof flags.file === 'string' ? recordingIn(flags.file) : [],
      faults: flags.faults === true ? ('all' as const) : ('none' as const),
      clock,
    }
    const { simulator, run: live } = await listening({ host, port, settings: 'HOST and PORT' }, () =>
      run(options),
    )
    const { url, httpUrl } = simulator
    log.info(
      `the network runs; listen to it with: bsky-rpg start --jetstream-urls ${url} --appview-url ${httpUrl} --plc-url ${httpUrl}`,
    )
    await live(signal)
    return 0
  },
}

/** @throws {ConfigError} */
function recordingIn(path: string): StreamEvent[] {
  try {
    return readRecording(path)
  } catch (error) {
    const why = error instanceof Error ? error.message : String(error)
    throw new ConfigError(
      `--file is ${JSON.stringify(path)}; expected a recording that can be read (${why})`,
      {
        cause: error,
      },
    )
  }
}

function whole(name: string, text: string | boolean | undefined, fallback: number): number {
  if (text === undefined) return fallback
  const value = Number(text)
  if (typeof text === 'string' && Number.isSafeInteger(value) && value >= 0 && text !== '') return value
  throw new ConfigError(`--${name} is ${JSON.stringify(text)}; expected a whole number`)
}
