import type { Micros } from '../atproto/event.ts'

const MIN_INTERVAL_MICROS: Micros = 10_000_000

/**
 * Limits `report` to one call in ten seconds: while the store is out of reach, every request fails.
 * @param monotonic microseconds of a clock that never goes back
 */
export function throttled(
  report: (error: unknown) => void,
  monotonic: () => Micros,
): (error: unknown) => void {
  let last: Micros | undefined
  return (error) => {
    const now = monotonic()
    if (last !== undefined && now - last < MIN_INTERVAL_MICROS) return
    last = now
    report(error)
  }
}
