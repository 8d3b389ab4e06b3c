import { type Command, InterruptedError } from './command.ts'

const CHECK_PARENT_MS = 500

/**
 * Aborts at the first SIGINT (Ctrl-C) or SIGTERM; a second one kills the process at once.
 * @param underNpm whether npm started this program. npm sends SIGTERM only to the shell in between, and many shells die of
 *   it without passing it on; so losing the parent counts as SIGTERM.
 */
export function endOfProcess({ underNpm }: { underNpm: boolean }): AbortSignal {
  const end = new AbortController()
  const stop = (signal: 'SIGINT' | 'SIGTERM'): void => end.abort(new InterruptedError(signal))
  process.once('SIGINT', stop)
  process.once('SIGTERM', stop)
  const parent = process.ppid
  if (underNpm && process.platform !== 'win32') {
    const timer = setInterval(() => {
      if (process.ppid === parent) return
      clearInterval(timer)
      stop('SIGTERM')
    }, CHECK_PARENT_MS)
    timer.unref()
  }
  return end.signal
}

/**
 * For commands that are done or not: once `signal` has aborted, any failure is the signal's, such as that of a request that
 * was given up.
 */
export function interruptible(run: Command['run']): Command['run'] {
  return async (invocation, signal) => {
    try {
      return await run(invocation, signal)
    } catch (error) {
      signal.throwIfAborted()
      throw error
    }
  }
}
