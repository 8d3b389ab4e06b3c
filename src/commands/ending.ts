import { InterruptedError } from './command.ts'

const LOOK_MS = 500

/**
 * Aborts at the first Ctrl-C or SIGTERM; a second one ends the process where it stands.
 * @param underNpm whether npm started this program. npm passes SIGTERM on to the shell between them, and many shells die of
 *   it without a word to their own child: it is the loss of the parent that tells.
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
    }, LOOK_MS)
    timer.unref()
  }
  return end.signal
}
