import type { Micros } from '../atproto/event.ts'
import { DAY_MICROS, HOUR_MICROS } from '../game/time.ts'

/** Rates are those of the latest samples, as far back as this. */
export const RATE_WINDOW: Micros = HOUR_MICROS

/** Samples are taken once a minute; nearer than this, two of them say nothing of what a day brings. */
const MIN_SPAN: Micros = 59_000_000

/** What `amount` within `span` microseconds comes to in a day; `undefined` where the span is too short to tell. */
export function dailyRate(amount: number, span: Micros): number | undefined {
  return span < MIN_SPAN ? undefined : (amount * DAY_MICROS) / span
}
