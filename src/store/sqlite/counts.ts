import { type Counts, NO_COUNTS } from '../../game/days.ts'

const SPACE = 0x20
const ZERO = 0x30
const COLON = 0x3a

type ReasonOf = (id: number) => string

/** Reads a column of counts: for each reason `id:number`, separated by spaces; '' where there are none. */
export function readCounts(text: string, reason: ReasonOf): Counts {
  return text === '' ? NO_COUNTS : add(text, reason, new Map())
}

/** The sum of two columns of counts. */
export function readSum(a: string, b: string, reason: ReasonOf): Counts {
  return add(b, reason, add(a, reason, new Map()))
}

/** Adds a column to `counts`. Splitting the text would take twice as long; every character that is read comes through here. */
function add(text: string, reason: ReasonOf, counts: Map<string, number>): Map<string, number> {
  for (let at = 0; at < text.length; at++) {
    let id = 0
    for (; at < text.length && text.charCodeAt(at) !== COLON; at++) id = id * 10 + text.charCodeAt(at) - ZERO
    let n = 0
    for (at++; at < text.length && text.charCodeAt(at) !== SPACE; at++)
      n = n * 10 + text.charCodeAt(at) - ZERO
    const name = reason(id)
    counts.set(name, (counts.get(name) ?? 0) + n)
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
