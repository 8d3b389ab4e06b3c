import { setTimeout as sleep } from 'node:timers/promises'
import type { Micros } from '../atproto/event.ts'
import type { Simulator } from './simulator.ts'

const TICK_MS = 50

/**
 * Lets the simulator's network live at `rate` events a second, by `clock`, until the signal aborts. Every tick makes up for
 * those that came late, so that the rate holds in the long run; and as several events may be one happening, every tick
 * begins anew from the clock, or the network's would fall behind.
 */
export async function live(
  simulator: Simulator,
  { rate, clock, signal }: { rate: number; clock: () => Micros; signal: AbortSignal },
): Promise<void> {
  const { network } = simulator
  const step = Math.max(1, Math.floor(1_000_000 / rate))
  const started = performance.now()
  let emitted = 0
  while (!signal.aborted) {
    await sleep(TICK_MS, undefined, { signal }).catch(() => {})
    const due = Math.floor(((performance.now() - started) / 1_000) * rate) - emitted
    if (due <= 0) continue
    // What is due happened since the last tick, and not in a time to come.
    network.moveTo(Math.max(network.now, clock() - due * step), step)
    emitted += simulator.emit(due)
  }
}
