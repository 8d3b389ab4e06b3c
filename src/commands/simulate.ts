import { ConfigError } from '../config.ts'
import { simulate as run } from '../simulator/simulate.ts'
import type { Command } from './command.ts'
import { clock, logOf } from './parts.ts'

export const simulate: Command = {
  usage: '',
  summary: 'A small network of its own: Jetstream, AppView and repositories on one port',
  flags: {
    seed: { type: 'string', meaning: 'the same seed, the same network (default 1)' },
    actors: { type: 'string', meaning: 'how many people there are (default 2000)' },
    rate: { type: 'string', meaning: 'events a second (default 50)' },
    history: { type: 'string', meaning: 'events that have happened already, over 30 days (default 0)' },
    file: { type: 'string', meaning: 'a recording of v1 messages, one a line, to send first' },
    faults: {
      type: 'boolean',
      meaning: 'drop, repeat, reorder, break frames; the AppView fails now and then',
    },
  },
  positionals: 0,
  async run({ config, flags }, signal) {
    const log = logOf(config)
    const { simulator, run: live } = await run({
      host: config.HOST,
      port: config.PORT,
      seed: whole('seed', flags.seed, 1),
      actors: Math.max(2, whole('actors', flags.actors, 2_000)),
      rate: Math.max(1, whole('rate', flags.rate, 50)),
      history: { events: whole('history', flags.history, 0), days: 30 },
      file: typeof flags.file === 'string' ? flags.file : undefined,
      faults: flags.faults === true ? 'all' : 'none',
      clock,
    })
    const { url, httpUrl } = simulator
    log.info(
      `a network to listen to: bsky-rpg start --jetstream-urls ${url} --appview-url ${httpUrl} --plc-url ${httpUrl}`,
    )
    await live(signal)
    return 0
  },
}

function whole(name: string, text: string | boolean | undefined, fallback: number): number {
  if (text === undefined) return fallback
  const value = Number(text)
  if (typeof text === 'string' && Number.isSafeInteger(value) && value >= 0 && text !== '') return value
  throw new ConfigError(`--${name} is ${JSON.stringify(text)}; expected a whole number`)
}
