import type { Micros, StreamEvent } from '../atproto/event.ts'
import { ALL_FAULTS, NO_FAULTS } from './faults.ts'
import { live } from './live.ts'
import { Network } from './network.ts'
import { type Simulator, startSimulator } from './simulator.ts'

export type SimulateOptions = {
  host: string
  port: number
  seed: number
  actors: number
  /** Events a second. */
  rate: number
  /** Events to send before anything else. */
  recording: readonly StreamEvent[]
  /** How much has happened already when it starts: events, spread over so many days. */
  history: { events: number; days: number }
  faults: 'none' | 'all'
  clock: () => Micros
}

const DAY: Micros = 86_400_000_000

/** Starts a simulator with its history; `run` keeps it living until the signal aborts. */
export async function simulate(
  options: SimulateOptions,
): Promise<{ simulator: Simulator; run(signal: AbortSignal): Promise<void> }> {
  const { host, port, seed, actors, rate, recording, history, faults, clock } = options
  const begin = clock() - history.days * DAY
  const step = history.events === 0 ? 1_000 : (history.days * DAY) / history.events
  const network = new Network({
    seed,
    actors,
    start: Math.floor(begin),
    step: Math.max(1, Math.floor(step)),
    mix: 'everything',
  })
  const simulator = await startSimulator({
    network,
    seed,
    host,
    port,
    faults: faults === 'all' ? ALL_FAULTS : NO_FAULTS,
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
