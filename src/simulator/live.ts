import { setTimeout as sleep } from 'node:timers/promises'
import type { Micros } from '../atproto/event.ts'
import type { Simulator } from './simulator.ts'

const TICK_MS = 50

/**
 * Lets the simulator's network live at `rate` events a second, from `clock` on, until the signal aborts. Every tick
 * makes up for those that came late, so that the rate holds in the long run.
 */
export async function live(
  simulator: Simulator,
  { rate, clock, signal }: { rate: number; clock: () => Micros; signal: AbortSignal },
): Promise<void> {
  const { network } = simulator
  network.moveTo(Math.max(network.now, clock()), Math.max(1, Math.floor(1_000_000 / rate)))
  const started = performance.now()
  let emitted = 0
  while (!signal.aborted) {
    await sleep(TICK_MS, undefined, { signal }).catch(() => {})
    const due = Math.floor(((performance.now() - started) / 1_000) * rate) - emitted
    if (due > 0) emitted += simulator.emit(due)
  }
}
