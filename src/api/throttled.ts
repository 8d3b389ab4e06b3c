import type { Micros } from '../atproto/event.ts'

const EVERY_MICROS: Micros = 10_000_000

/**
 * `report`, called once every ten seconds at most: a store that is out of reach fails every request.
 * @param monotonic microseconds of a clock that only moves on
 */
export function throttled(
  report: (error: unknown) => void,
  monotonic: () => Micros,
): (error: unknown) => void {
  let last: Micros | undefined
  return (error) => {
    const now = monotonic()
    if (last !== undefined && now - last < EVERY_MICROS) return
    last = now
    report(error)
  }
}
