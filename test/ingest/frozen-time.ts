import { syncBuiltinESMExports } from 'node:module'
import type { TestContext } from 'node:test'

/** Stops `sleep`'s time. The returned function lets so many milliseconds pass, and resolves when all that follows is done. */
export function freezeTime(t: TestContext): (ms: number) => Promise<void> {
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

/** Resolves when all work is done that waits for neither time nor network. */
export async function settled(): Promise<void> {
  for (let turn = 0; turn < 50; turn++) await new Promise(setImmediate)
}
