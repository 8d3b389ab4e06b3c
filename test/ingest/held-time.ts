import { syncBuiltinESMExports } from 'node:module'
import type { TestContext } from 'node:test'

/** Holds `sleep` until the function returned lets so many milliseconds pass; all that follows has happened then. */
export function holdTime(t: TestContext): (ms: number) => Promise<void> {
  t.mock.timers.enable({ apis: ['setTimeout'] })
  // The sources import `setTimeout` by name, and would keep the one they have.
  syncBuiltinESMExports()
  t.after(() => {
    t.mock.timers.reset()
    syncBuiltinESMExports()
  })
  return async (ms) => {
    t.mock.timers.tick(ms)
    await settled()
  }
}

/** Resolves when nothing is left to do that needs neither time nor network. */
export async function settled(): Promise<void> {
  for (let turn = 0; turn < 50; turn++) await new Promise(setImmediate)
}
