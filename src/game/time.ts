// Units of time of the game and the stores, and conversions between them.
import type { Micros } from '../atproto/event.ts'

/** Whole seconds: since the Unix epoch, or of a pause. */
export type Seconds = number

/** A UTC day, counted from the Unix epoch. */
export type Day = number

/** Days from the first to the last, both included. */
export type DaySpan = { first: Day; last: Day }

/** All days that can be stored: as many as 32 bits count. */
export const ALL_DAYS: Readonly<DaySpan> = { first: 0, last: 2 ** 31 - 1 }

export const HOUR_SECONDS = 3_600
export const DAY_SECONDS = 24 * HOUR_SECONDS
export const DAY_MS = DAY_SECONDS * 1_000
export const HOUR_MICROS = HOUR_SECONDS * 1_000_000
export const DAY_MICROS = DAY_SECONDS * 1_000_000

/** `at` to the second, as records keep it. */
export function secondsOf(at: Micros): Seconds {
  return Math.floor(at / 1_000_000)
}

/** The day on which `at` lies. */
export function dayOf(at: Seconds): Day {
  return Math.floor(at / DAY_SECONDS)
}

/** `at` as ISO 8601 in UTC, to the millisecond. */
export function iso(at: Micros): string {
  return new Date(at / 1000).toISOString()
}
