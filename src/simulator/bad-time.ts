import type { Micros } from '../atproto/event.ts'
import { HOUR_MICROS } from '../game/time.ts'
import { Entry } from './archive.ts'
import { hostileEntry } from './hostile.ts'
import type { Random } from './random.ts'

/** The latest time that RFC 3339 can express. */
const LATEST: Micros = Date.UTC(9999, 11, 31) * 1000

/** A well-formed event of the hostile account, with a witness time that cannot be true. */
export function badTimeEntry(random: Random, neighbour: Entry): Entry {
  const { event } = hostileEntry(random, neighbour, { repositories: 0 })
  const { at } = neighbour.event
  const times = [
    LATEST,
    at + 2 * HOUR_MICROS,
    at + 20_000 * HOUR_MICROS,
    1_000_000,
    at - 50_000 * HOUR_MICROS,
  ]
  return new Entry(neighbour.seq, { ...event, at: random.pick(times) })
}
