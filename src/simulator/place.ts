import type { Wire } from '../atproto/event.ts'
import type { Archive } from './archive.ts'
import { infoV2 } from './frames.ts'

/** Where a client is served from, with what is said of it first; or why it is refused. */
export type Beginning =
  | { index: number; info: string | undefined }
  | { error: 'InvalidRequest' | 'CursorTooOld'; message: string }

/** From here on a cursor is a time in microseconds, below it is a sequence number: on both wires. */
const TIME_CURSORS = 1e15

/**
 * Reads a `cursor`: the first event sent is the one that it names. What is older than `floor`, the first entry that is
 * kept, begins there: the v2 wire says so, or refuses a number; the v1 wire says nothing.
 */
export function beginningOf(
  cursor: string | null,
  { wire, archive, floor }: { wire: Wire; archive: Archive; floor: number },
): Beginning {
  if (cursor === null || cursor === '') return { index: archive.entries.length, info: undefined }
  if (!/^\d{1,19}$/.test(cursor)) return { error: 'InvalidRequest', message: `invalid cursor: "${cursor}"` }
  const value = Number(cursor)
  const byTime = value >= TIME_CURSORS
  const announced = (name: string, message: string) => (wire === 'v2' ? infoV2(name, message) : undefined)
  if (!byTime && value >= archive.nextSeq) {
    const message = `requested seq cursor ${value} is beyond this archive's next seq; starting at the live tip`
    return { index: archive.entries.length, info: announced('FutureCursor', message) }
  }
  const index = byTime ? archive.indexOfTime(value) : archive.indexOfSeq(value)
  const first = archive.entries[floor]?.seq ?? archive.nextSeq
  const early = byTime ? index < floor || isBefore(archive, value) : value < first && (value > 0 || floor > 0)
  if (!early) return { index, info: undefined }
  if (!byTime && wire === 'v2') {
    return { error: 'CursorTooOld', message: `cursor ${value} is too old: the oldest event kept is ${first}` }
  }
  const message = `requested timestamp cursor below retention floor; starting at seq ${first}`
  return { index: Math.max(index, floor), info: announced('OutdatedCursor', message) }
}

/** A time before everything that ever happened is older than what is kept, too. */
function isBefore({ entries: [oldest] }: Archive, at: number): boolean {
  return oldest !== undefined && at < oldest.event.at
}
