import type { Archive } from './archive.ts'
import type { SimulatedWire } from './wires/wire.ts'

/** The index to serve a client from, with an info frame to send first, or why the client is refused. */
export type Beginning =
  | { index: number; info: string | undefined }
  | { error: 'InvalidRequest' | 'CursorTooOld'; message: string }

/** On every wire, cursors from here on are times in microseconds, and smaller ones sequence numbers. */
const TIME_CURSORS = 1e15

/**
 * Finds the event that `cursor` names, which is the first to be sent. A cursor older than the entry at `floor`, the first
 * one kept, begins there; the wire may announce that, or refuse the cursor if it is a number.
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

/** True for a time before the oldest entry, which counts as too old even if nothing was dropped. */
function isBefore({ entries: [oldest] }: Archive, at: number): boolean {
  return oldest !== undefined && at < oldest.event.at
}
