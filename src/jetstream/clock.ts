/** Time as the client sees it, so that tests can hold it still. */
export type Clock = {
  /** The machine's clock: milliseconds since the Unix epoch. Somebody may set it. */
  now: () => number
  /** Milliseconds that have passed since some moment, whatever the machine's clock is set to. For durations. */
  monotonic: () => number
  /** Runs `run` once, `ms` milliseconds from now; the function returned calls it off. */
  after: (ms: number, run: () => void) => () => void
}

export const systemClock: Clock = {
  now: Date.now,
  monotonic: performance.now.bind(performance),
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
