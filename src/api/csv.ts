import type { Static } from 'typebox'
import type { LedgerEvent } from './schemas.ts'

/** An event as the API returns it. */
export type Event = Static<typeof LedgerEvent>

const COLUMNS: readonly (readonly [string, (event: Event) => string | number])[] = [
  ['at', ({ at }) => at],
  ['uri', ({ uri }) => uri],
  ['type', ({ type }) => type],
  ['cause', ({ cause }) => cause],
  ['reason', ({ reason }) => reason],
  ['delta', ({ delta }) => delta],
  ['experience', ({ leveling }) => leveling.experience],
  ['level', ({ leveling }) => leveling.level],
  ['note', ({ note }) => note],
  ['rules', ({ rules }) => rules],
]

export function csvHead(): string {
  return `${COLUMNS.map(([name]) => name).join(',')}\r\n`
}

/** One record (RFC 4180), line end included. */
export function csvLine(event: Event): string {
  return `${COLUMNS.map(([, value]) => field(value(event))).join(',')}\r\n`
}

/** Prefixes text that a spreadsheet would run as a formula with an apostrophe. */
function field(value: string | number): string {
  if (typeof value === 'number') return String(value)
  const safe = /^[=+\-@\t\r]/.test(value) ? `'${value}` : value
  return /[",\r\n]/.test(safe) ? `"${safe.replaceAll('"', '""')}"` : safe
}
