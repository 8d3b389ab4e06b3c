import { setTimeout as sleep } from 'node:timers/promises'
import type { Micros } from '../atproto/event.ts'
import type { Simulator } from './simulator.ts'

const TICK_MS = 50

/**
 * Emits `rate` events a second until the signal aborts. A tick makes up for late ones, so the rate holds in the long run.
 * Each tick sets the network's time by `clock` anew: by itself it advances one step for each happening, which may be
 * several events, and would fall behind.
 */
export async function live(
  simulator: Pick<Simulator, 'network' | 'emit'>,
  { rate, clock, signal }: { rate: number; clock: () => Micros; signal: AbortSignal },
): Promise<void> {
  const { network } = simulator
  const stepMicros = Math.max(1, Math.floor(1_000_000 / rate))
  const startedMs = performance.now()
  let emitted = 0
  while (!signal.aborted) {
    await sleep(TICK_MS, undefined, { signal }).catch(() => {})
    const due = Math.floor(((performance.now() - startedMs) / 1_000) * rate) - emitted
    if (due <= 0) continue
    const now = clock()
    const from = Math.max(network.now, now - due * stepMicros)
    // The due events happened since the last tick, none of them in the future: closer together where a busy machine read the
    // clock late at the tick before.
    network.moveTo(from, Math.max(1, Math.min(stepMicros, Math.floor((now - from) / due))))
    emitted += simulator.emit(due)
  }
}
