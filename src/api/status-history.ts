import type { Micros } from '../atproto/event.ts'
import type { StoreStatus } from '../store/status.ts'
import type { HistorySlot } from '../web/status-page.ts'
import { lagOf } from './status.ts'

export type HistorySample = {
  status: Pick<StoreStatus, 'cursor' | 'heartbeat' | 'perDay' | 'bytes'>
  /** Repeated requests since ingest began, if it is known here. */
  retries: number | undefined
}

const SLOT_MICROS: Micros = 300_000_000
/** A day of them. */
const MAX_SLOTS = 288
const MINUTES_A_DAY = 1_440

/** The last day of this server, in at most 288 slots; slots in which nobody sampled are absent. */
export class StatusHistory {
  #slots: HistorySlot[] = []
  #retries: number | undefined

  /** Adds a sample; several within five minutes are one slot. A clock that is set back begins anew. */
  add(now: Micros, { status, retries }: HistorySample): void {
    const from = now - (now % SLOT_MICROS)
    const last = this.#slots.at(-1)
    if (last !== undefined && last.from > from) this.#slots = []
    const before = last?.from === from ? last : undefined
    const lag = lagOf(status)
    const repeated = this.#repeated(retries)
    const slot: HistorySlot = {
      from,
      lag: lag === undefined ? before?.lag : Math.max(lag, before?.lag ?? 0),
      entriesPerMinute: status.perDay === undefined ? undefined : status.perDay.events / MINUTES_A_DAY,
      diskBytes: status.bytes,
      retries: repeated === undefined ? before?.retries : repeated + (before?.retries ?? 0),
    }
    if (before === undefined) this.#slots.push(slot)
    else this.#slots[this.#slots.length - 1] = slot
    const oldest = from - (MAX_SLOTS - 1) * SLOT_MICROS
    this.#slots = this.#slots.filter((one) => one.from >= oldest)
  }

  /** Oldest first. */
  slots(): readonly HistorySlot[] {
    return this.#slots
  }

  /** Those since the last sample; a number that is smaller than before is of a process that has started anew. */
  #repeated(retries: number | undefined): number | undefined {
    if (retries === undefined) return undefined
    const before = this.#retries ?? retries
    this.#retries = retries
    return retries >= before ? retries - before : retries
  }
}
