/** Time as the client sees it, so that tests can hold it still. */
export type Clock = {
  /** Milliseconds since the Unix epoch. */
  now: () => number
  /** Runs `run` once, `ms` milliseconds from now; the function returned calls it off. */
  after: (ms: number, run: () => void) => () => void
}

export const systemClock: Clock = {
  now: Date.now,
  after: (ms, run) => {
    const timer = setTimeout(run, ms)
    return () => clearTimeout(timer)
  },
}

/** Resolves `ms` milliseconds from now; rejects with the signal's reason when that comes first. */
export function pause(clock: Clock, ms: number, signal: AbortSignal): Promise<void> {
  return new Promise((resolve, reject) => {
    if (signal.aborted) return reject(signal.reason)
    const callOff = clock.after(ms, () => {
      signal.removeEventListener('abort', onAbort)
      resolve()
    })
    const onAbort = () => {
      callOff()
      reject(signal.reason)
    }
    signal.addEventListener('abort', onAbort, { once: true })
  })
}
