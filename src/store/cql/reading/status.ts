import type { Cursor } from '../../../atproto/event.ts'
import { byReason, NO_COUNTS, sumOf } from '../../../game/days.ts'
import type { QuestionKind } from '../../../game/question.ts'
import { dailyRate, RATE_WINDOW } from '../../daily-rate.ts'
import { readReconciliation, sumOfReconciliations } from '../../reconciliation.ts'
import { type Gap, MAX_GAPS, type StoreStatus } from '../../status.ts'
import type { Row } from '../driver/paging.ts'
import type { Session } from '../driver/session.ts'
import { numberOf } from '../driver/values.ts'
import { readCounts } from '../rows/day-row.ts'
import { heartbeatOf, SELECT_HEARTBEATS } from '../rows/heartbeats.ts'
import { checkShards, cursorOf, type ShardRow } from '../shards/leases.ts'
import { perQuestion } from '../shards/shard-totals.ts'

/** Adds up the totals of all shards. */
export async function readStatus(session: Session, shards: number): Promise<StoreStatus> {
  const [rows, totals, heartbeats, gaps, samples] = await Promise.all([
    checkShards(session),
    session.readForDisplay('SELECT * FROM books', []),
    session.readForDisplay(SELECT_HEARTBEATS, []),
    session.readForDisplay('SELECT * FROM gaps WHERE part = 0 LIMIT ?', [MAX_GAPS]),
    session.readForDisplay('SELECT worker, at, events, network_bytes FROM samples WHERE part = 0', []),
  ])
  const sum = (column: string) => totals.reduce((total, row) => total + numberOf(row[column]), 0)
  const waiting: Record<QuestionKind, number> = { subject: 0, profile: 0, repository: 0, import: 0 }
  const postponed = { ...waiting }
  for (const row of totals) {
    const before = perQuestion(row.postponed)
    for (const [name, n] of Object.entries(perQuestion(row.waiting))) {
      const kind = name as QuestionKind
      waiting[kind] += n - before[kind]
      postponed[kind] += before[kind]
    }
  }
  const today = todayOf(totals)
  return {
    cursor: leastWritten(rows, totals),
    heartbeat: heartbeatOf(heartbeats, shards),
    characters: sum('characters'),
    introductions: sum('introductions'),
    records: sum('records'),
    events: sum('events'),
    experience: sum('experience'),
    today: { ...today, counts: byReason(today.counts) },
    waiting,
    postponed,
    gaps: gaps.map(gapOf),
    reconciliation: sumOfReconciliations(
      totals.flatMap((row) => readReconciliation(row.reconciliation) ?? []),
    ),
    bytes: undefined,
    perDay: perDay(samples),
  }
}

/** What the people of all shards brought on the latest day, from the rows of `books`. */
export function todayOf(totals: readonly Row[]): StoreStatus['today'] {
  const day = Math.max(0, ...totals.map((row) => numberOf(row.day)))
  const counts = totals
    .filter((row) => numberOf(row.day) === day)
    .reduce((sum, row) => sumOf(sum, readCounts(row.day_counts)), NO_COUNTS)
  return { day, counts }
}

/**
 * The cursor up to which rows can be read, of the shard that is furthest back. Where the rows of a shard's last committed
 * batch are not written yet, the cursor of the batch before.
 */
function leastWritten(rows: readonly ShardRow[], totals: readonly Row[]): Cursor | undefined {
  const written = new Map(totals.map((row) => [row.shard, row]))
  const cursors: Cursor[] = []
  for (const { shard, seq, cursor } of rows) {
    const row = written.get(shard)
    const isWritten = numberOf(row?.seq) === seq
    // The rows of its first batch are being written.
    if (!isWritten && row === undefined) return undefined
    const reached = isWritten ? cursor : cursorOf(row ?? {})
    if (reached !== undefined) cursors.push(reached)
  }
  return cursors.sort((a, b) => a.at - b.at)[0]
}

export function gapOf({ host, began, ended, reason, at }: Row): Gap {
  return {
    host: String(host),
    from: numberOf(began),
    to: ended === null ? undefined : numberOf(ended),
    reason: String(reason),
    at: numberOf(at),
  }
}

/** What a day takes at the rates of the last hour, summed over workers, each of which counts its own work. */
function perDay(samples: readonly Row[]): StoreStatus['perDay'] {
  let events = 0
  let networkBytes = 0
  let known = false
  const newest = Math.max(...samples.map(({ at }) => numberOf(at)))
  for (const rows of Map.groupBy(samples, ({ worker }) => worker).values()) {
    const last = rows.at(-1)
    if (last === undefined || numberOf(last.at) < newest - RATE_WINDOW) continue
    const first = rows.find(({ at }) => numberOf(at) >= numberOf(last.at) - RATE_WINDOW)
    if (first === undefined) continue
    const span = numberOf(last.at) - numberOf(first.at)
    const eventsADay = dailyRate(numberOf(last.events) - numberOf(first.events), span)
    const bytesADay = dailyRate(numberOf(last.network_bytes) - numberOf(first.network_bytes), span)
    if (eventsADay === undefined || bytesADay === undefined) continue
    known = true
    events += eventsADay
    networkBytes += bytesADay
  }
  if (!known) return undefined
  return { events: Math.round(events), diskBytes: undefined, networkBytes: Math.round(networkBytes) }
}
