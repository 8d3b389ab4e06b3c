import { setTimeout as sleep } from 'node:timers/promises'
import type { Micros } from '../atproto/event.ts'
import { ALL_FAULTS, NO_FAULTS } from './faults.ts'
import { Network } from './network.ts'
import { readRecording } from './recording.ts'
import { type Simulator, startSimulator } from './simulator.ts'

export type SimulateOptions = {
  host: string
  port: number
  seed: number
  actors: number
  /** Events a second. */
  rate: number
  /** A recording to send before anything else; `undefined` for none. */
  file: string | undefined
  /** How much has happened already when it starts: events, spread over so many days. */
  history: { events: number; days: number }
  faults: 'none' | 'all'
  clock: () => Micros
}

const DAY: Micros = 86_400_000_000
const TICK_MS = 50

/** Starts a simulator with its history; `run` keeps it living until the signal aborts. */
export async function simulate(
  options: SimulateOptions,
): Promise<{ simulator: Simulator; run(signal: AbortSignal): Promise<void> }> {
  const { host, port, seed, actors, rate, file, history, faults, clock } = options
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
  if (file !== undefined) simulator.add(readRecording(file))
  simulator.emit(history.events)
  return {
    simulator,
    run: async (signal) => {
      network.moveTo(Math.max(network.now, clock()), Math.max(1, Math.floor(1_000_000 / rate)))
      const started = performance.now()
      let emitted = 0
      while (!signal.aborted) {
        await sleep(TICK_MS, undefined, { signal }).catch(() => {})
        // By the time that has passed, so that a late tick is made up for.
        const due = Math.floor(((performance.now() - started) / 1000) * rate) - emitted
        if (due > 0) simulator.emit(due)
        emitted += Math.max(0, due)
      }
      await simulator[Symbol.asyncDispose]()
    },
  }
}
