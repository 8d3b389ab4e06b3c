import type { Micros } from './event.ts'

/** RFC 3339 with any number of decimals. */
const DATETIME = /^(\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d)(?:\.(\d+))?(Z|[+-]\d\d:\d\d)$/
/** Up to the second: `2026-01-01T00:00:00`. */
const SECOND_LENGTH = 19
/** With six decimals and `Z`, as Jetstream writes it. */
const USUAL_LENGTH = 27

/** The second parsed last: in a stream, hundreds of times share one. */
const latest = { text: '-'.repeat(SECOND_LENGTH), micros: 0 }

/** Microseconds of an RFC 3339 time; `undefined` if `text` is none. */
export function microsOf(text: unknown): Micros | undefined {
  if (typeof text !== 'string') return undefined
  if (text.length === USUAL_LENGTH && isLatest(text)) {
    const decimals = usualDecimals(text)
    if (decimals !== undefined) return latest.micros + decimals
  }
  const parts = DATETIME.exec(text)
  if (parts === null) return undefined
  const [, second = '', decimals = '', zone = ''] = parts
  const millis = Date.parse(second + zone)
  if (Number.isNaN(millis)) return undefined
  if (zone === 'Z') {
    latest.text = second
    latest.micros = millis * 1_000
  }
  return millis * 1_000 + (decimals === '' ? 0 : Number(decimals.slice(0, 6).padEnd(6, '0')))
}

/** The same for a time or a day such as `2026-01-31`, which stands for its midnight, UTC. */
export function microsOfDayOrTime(text: string): Micros | undefined {
  return microsOf(/^\d{4}-\d\d-\d\d$/.test(text) ? `${text}T00:00:00Z` : text)
}

/** Whether `text` begins with the second parsed last; compares from the end, where times mostly differ. */
function isLatest(text: string): boolean {
  for (let at = SECOND_LENGTH - 1; at >= 0; at -= 1) {
    if (text.charCodeAt(at) !== latest.text.charCodeAt(at)) return false
  }
  return true
}

/** The number in `.123456Z` at the end; `undefined` if the end looks different. */
function usualDecimals(text: string): number | undefined {
  if (text[SECOND_LENGTH] !== '.' || text[USUAL_LENGTH - 1] !== 'Z') return undefined
  let value = 0
  for (let at = SECOND_LENGTH + 1; at < USUAL_LENGTH - 1; at += 1) {
    const digit = text.charCodeAt(at) - 48
    if (digit < 0 || digit > 9) return undefined
    value = value * 10 + digit
  }
  return value
}
