import type { Micros } from './atproto/event.ts'

/** Minimum time between two logs of one kind of trouble. */
const MIN_INTERVAL_MICROS: Micros = 10_000_000

/**
 * Calls `log` at most once in an interval, with the number of times that it was to be called since it last was: trouble mostly
 * comes in great numbers.
 * @param monotonic microseconds of a clock that never goes back
 * @param intervalMicros ten seconds by default
 */
export function throttle(
  monotonic: () => Micros,
  intervalMicros: Micros = MIN_INTERVAL_MICROS,
): (log: (count: number) => void) => void {
  let count = 0
  let loggedAt: Micros | undefined
  return (log) => {
    count += 1
    const now = monotonic()
    if (loggedAt !== undefined && now - loggedAt < intervalMicros) return
    log(count)
    loggedAt = now
    count = 0
  }
}
