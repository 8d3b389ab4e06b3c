import type { Micros } from '../atproto/event.ts'
import { deedsOf } from '../game/attributes.ts'
import { dateOf } from '../game/boards.ts'
import { NO_COUNTS } from '../game/days.ts'
import { dayOf, secondsOf } from '../game/time.ts'
import type { StoreStatus } from '../store/status.ts'

/** How many of the posts with media that everybody has made today (UTC) are described, as the API answers it. */
export function mediaToday({ today }: Pick<StoreStatus, 'today'>, now: Micros) {
  const day = dayOf(secondsOf(now))
  const { media, described } = deedsOf(today.day === day ? today.counts : NO_COUNTS)
  return { date: dateOf(day), media, described }
}
