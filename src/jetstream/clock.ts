/** The client's only source of time, which tests replace. */
export type Clock = {
  /** The machine's clock: milliseconds since the Unix epoch. It may be set back or ahead at any time. */
  now: () => number
  /** Milliseconds since an arbitrary moment, unaffected by setting the machine's clock. For durations. */
  monotonic: () => number
  /** Runs `run` once, `ms` milliseconds from now; the returned function cancels it. */
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

/** Resolves `ms` milliseconds from now; rejects with the signal's reason if it aborts first. */
export function pause(clock: Clock, ms: number, signal: AbortSignal): Promise<void> {
  return new Promise((resolve, reject) => {
    if (signal.aborted) return reject(signal.reason)
    const cancelTimer = clock.after(ms, () => {
      signal.removeEventListener('abort', onAbort)
      resolve()
    })
    const onAbort = () => {
      cancelTimer()
      reject(signal.reason)
    }
    signal.addEventListener('abort', onAbort, { once: true })
  })
}
