// A screen in memory, for what a browser asks outside of its pages: no test of pages reaches such a question.
import { execFile, spawn } from 'node:child_process'
import { once } from 'node:events'
import { existsSync } from 'node:fs'
import { promisify } from 'node:util'

const XVFB = '/usr/bin/Xvfb'
const XDOTOOL = '/usr/bin/xdotool'

/** Whether programs for it are installed (Debian: `apt-get install xvfb xdotool`). */
export const canDisplay = existsSync(XVFB) && existsSync(XDOTOOL)

export type Display = AsyncDisposable & {
  /** As in the variable DISPLAY. */
  name: string
  /** Presses keys, one after the other, by their X names, in the window that has the focus. */
  press(...keys: string[]): Promise<void>
}

export async function openDisplay(): Promise<Display> {
  // It chooses a free number, and writes it once it can be connected to.
  const server = spawn(XVFB, ['-displayfd', '3', '-screen', '0', '1280x900x24', '-nolisten', 'tcp'], {
    stdio: ['ignore', 'ignore', 'ignore', 'pipe'],
  })
  const exited = once(server, 'exit')
  const [number] = await Promise.race([
    once(server.stdio[3] as NodeJS.ReadableStream, 'data'),
    exited.then(([code, signal]) => {
      throw new Error(`${XVFB} ended (${signal ?? code}) before a browser could use it`)
    }),
  ])
  const name = `:${String(number).trim()}`
  const run = promisify(execFile)
  return {
    name,
    async press(...keys) {
      await run(XDOTOOL, ['key', ...keys], { env: { ...process.env, DISPLAY: name } })
    },
    async [Symbol.asyncDispose]() {
      server.kill()
      await exited
    },
  }
}
