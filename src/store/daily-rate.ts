import type { Micros } from '../atproto/event.ts'
import { DAY_MICROS, HOUR_MICROS } from '../game/time.ts'

/** Rates are measured over the latest samples, as far back as this. */
export const RATE_WINDOW: Micros = HOUR_MICROS

/** Samples are taken once a minute; two that are closer together than this give no rate. */
const MIN_SPAN: Micros = 59_000_000

/** `amount` per `span` microseconds, as an amount per day; `undefined` where the span is too short. */
export function dailyRate(amount: number, span: Micros): number | undefined {
  return span < MIN_SPAN ? undefined : (amount * DAY_MICROS) / span
}
