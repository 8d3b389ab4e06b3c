import type { Archive } from './archive.ts'
import type { SimulatedWire } from './wires/wire.ts'

/** Where a client is served from, with what is said of it first; or why it is refused. */
export type Beginning =
  | { index: number; info: string | undefined }
  | { error: 'InvalidRequest' | 'CursorTooOld'; message: string }

/** From here on a cursor is a time in microseconds, below it is a sequence number: on every wire. */
const TIME_CURSORS = 1e15

/**
 * Reads a `cursor`: the first event sent is the one that it names. What is older than `floor`, the first entry that is
 * kept, begins there, and the wire may say so, or refuse a number.
 */
export function beginningOf(
  cursor: string | null,
  { wire, archive, floor }: { wire: SimulatedWire; archive: Archive; floor: number },
): Beginning {
  if (cursor === null || cursor === '') return { index: archive.entries.length, info: undefined }
  if (!/^\d{1,19}$/.test(cursor)) return { error: 'InvalidRequest', message: `invalid cursor: "${cursor}"` }
  const value = Number(cursor)
  const byTime = value >= TIME_CURSORS
  if (!byTime && value >= archive.nextSeq) {
    const message = `requested seq cursor ${value} is beyond this archive's next seq; starting at the live tip`
    return { index: archive.entries.length, info: wire.infoFrame('FutureCursor', message) }
  }
  const index = byTime ? archive.indexOfTime(value) : archive.indexOfSeq(value)
  const first = archive.entries[floor]?.seq ?? archive.nextSeq
  const early = byTime ? index < floor || isBefore(archive, value) : value < first && (value > 0 || floor > 0)
  if (!early) return { index, info: undefined }
  if (!byTime && wire.refusesOldNumbers) {
    return { error: 'CursorTooOld', message: `cursor ${value} is too old: the oldest event kept is ${first}` }
  }
  const message = `requested timestamp cursor below retention floor; starting at seq ${first}`
  return { index: Math.max(index, floor), info: wire.infoFrame('OutdatedCursor', message) }
}

/** A time before everything that ever happened is older than what is kept, too. */
function isBefore({ entries: [oldest] }: Archive, at: number): boolean {
  return oldest !== undefined && at < oldest.event.at
}
