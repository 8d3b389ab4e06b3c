import type { Micros, StreamEvent } from '../atproto/event.ts'
import { DAY_MICROS } from '../game/time.ts'
import { ALL_FAULTS, NO_FAULTS } from './faults.ts'
import { live } from './live.ts'
import { Network } from './network.ts'
import { type Simulator, startSimulator } from './simulator.ts'
import type { SlowReader } from './subscription.ts'

export type SimulateOptions = {
  host: string
  port: number
  seed: number
  actors: number
  /** Events a second. */
  rate: number
  /** Events to send before anything else. */
  recording: readonly StreamEvent[]
  /** Events that have happened before the start, spread over so many days. */
  history: { events: number; days: number }
  /**
   * So many people did everything before that, and nothing since: no event tells of them. The last of them has so many records,
   * the others a part of that. @default nobody
   */
  quiet?: { people: number; records: number }
  faults: 'none' | 'all'
  /** For a network that runs for days. */
  limits?: Limits | undefined
  clock: () => Micros
}

/** Entries that the server keeps, records on the network, and when a client that does not read is cut off. */
type Limits = { keeps: number; recordsPerPerson: number; records: number; slow: SlowReader }

/** When quiet people did what they did, before the history: so many days before it, and one thing every so often. */
const QUIET_DAYS = 400
const QUIET_STEP: Micros = 1_500_000_000

/** Starts a simulator with its history; `run` goes on emitting events until the signal aborts. */
export async function simulate(
  options: SimulateOptions,
): Promise<{ simulator: Simulator; run(signal: AbortSignal): Promise<void> }> {
  const { host, port, seed, actors, rate, recording, history, quiet, faults, limits, clock } = options
  const begin = clock() - history.days * DAY_MICROS
  const stepMicros = history.events === 0 ? 1_000 : (history.days * DAY_MICROS) / history.events
  const network = new Network({
    seed,
    actors,
    start: Math.floor(begin),
    step: Math.max(1, Math.floor(stepMicros)),
    mix: 'everything',
    ...(quiet && { quiet: quiet.people }),
    ...(limits && { recordsPerPerson: limits.recordsPerPerson, records: limits.records }),
  })
  if (quiet !== undefined) {
    network.moveTo(begin - QUIET_DAYS * DAY_MICROS, QUIET_STEP)
    actBefore(network, quiet)
    network.moveTo(Math.floor(begin), Math.max(1, Math.floor(stepMicros)))
  }
  const simulator = await startSimulator({
    network,
    seed,
    host,
    port,
    faults: faults === 'all' ? ALL_FAULTS : NO_FAULTS,
    ...(limits && { keeps: limits.keeps, slow: limits.slow }),
  })
  if (recording.length > 0) simulator.add([...recording])
  simulator.emit(history.events)
  return {
    simulator,
    run: async (signal) => {
      await live(simulator, { rate, clock, signal })
      await simulator[Symbol.asyncDispose]()
    },
  }
}

function actBefore(network: Network, { people, records }: NonNullable<SimulateOptions['quiet']>): void {
  for (const [n, person] of network.people.slice(-people).entries()) {
    const share = Math.ceil((records * (n + 1)) / people)
    while (person.records.size < share) network.act(person)
  }
}
