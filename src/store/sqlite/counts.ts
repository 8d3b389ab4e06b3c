import { type Counts, NO_COUNTS } from '../../game/days.ts'

/** Reads a column of counts: for each reason `id:number`, separated by spaces; '' where there are none. */
export function readCounts(text: string, reason: (id: number) => string): Counts {
  if (text === '') return NO_COUNTS
  const counts = new Map<string, number>()
  for (const part of text.split(' ')) {
    const colon = part.indexOf(':')
    counts.set(reason(Number(part.slice(0, colon))), Number(part.slice(colon + 1)))
  }
  return counts
}

/** A short text that differs for other counts. */
export function markOf(counts: string): string {
  let hash = 0
  // FNV-1a, of 32 bits.
  for (let i = 0; i < counts.length; i++) hash = Math.imul(hash ^ counts.charCodeAt(i), 0x01000193)
  return (hash >>> 0).toString(36)
}

/** Writes a column of counts; see `readCounts`. */
export function writeCounts(counts: Counts, id: (reason: string) => number): string {
  let text = ''
  for (const [reason, n] of counts) {
    if (text !== '') text += ' '
    text += `${id(reason)}:${n}`
  }
  return text
}
