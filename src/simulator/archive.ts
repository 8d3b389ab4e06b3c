import type { Micros, StreamEvent } from '../atproto/event.ts'
import type { SimulatedWire } from './wires/wire.ts'

/** An event in its place, and as each wire shows it; made when first sent. */
export class Entry {
  readonly seq: number
  readonly event: StreamEvent
  /** By the wire's name. */
  readonly #frames: Record<string, string | undefined> = {}

  constructor(seq: number, event: StreamEvent) {
    this.seq = seq
    this.event = event
  }

  /** Undefined where the wire does not tell of it. */
  frame(wire: SimulatedWire): string | undefined {
    this.#frames[wire.name] ??= wire.frame(this.event, this.seq)
    return this.#frames[wire.name]
  }
}

/** What has happened, in order, as far back as a server keeps it. */
export class Archive {
  readonly entries: Entry[] = []
  /** The number of the first of `entries`. */
  #firstSeq: number
  readonly #keeps: number
  /** Entries before this one are not served any more. */
  floor = 0
  #listeners = new Set<(added: readonly StreamEvent[]) => void>()

  /**
   * @param firstSeq servers number what they see each in their own way
   * @param keeps older entries are forgotten, some at a time
   */
  constructor(firstSeq: number, keeps = Number.POSITIVE_INFINITY) {
    this.#firstSeq = firstSeq
    this.#keeps = keeps
  }

  /** The number of what is added next. */
  get nextSeq(): number {
    return this.#firstSeq + this.entries.length
  }

  add(events: readonly StreamEvent[]): void {
    for (const event of events) this.entries.push(new Entry(this.nextSeq, event))
    if (this.entries.length > this.#keeps * 1.25) this.#forget(this.entries.length - this.#keeps)
    for (const listener of this.#listeners) listener(events)
  }

  /** The entry of that number; the oldest where that is forgotten, undefined where there is none yet. */
  from(seq: number): Entry | undefined {
    return this.entries[Math.max(0, seq - this.#firstSeq)]
  }

  /** Calls `listener` whenever something was added, until the function returned is called. */
  onAdded(listener: (added: readonly StreamEvent[]) => void): () => void {
    this.#listeners.add(listener)
    return () => this.#listeners.delete(listener)
  }

  /** The number of what stands, or would stand, at `index`. */
  seqAt(index: number): number {
    return this.#firstSeq + index
  }

  /** Where the entry of `seq` stands, or would. */
  indexOfSeq(seq: number): number {
    return Math.min(this.entries.length, Math.max(0, seq - this.#firstSeq))
  }

  /** The first entry not before `at`; entries are in order of time but for a few moments. */
  indexOfTime(at: Micros): number {
    let low = 0
    let high = this.entries.length
    while (low < high) {
      const middle = (low + high) >>> 1
      if ((this.entries[middle]?.event.at ?? 0) < at) low = middle + 1
      else high = middle
    }
    return low
  }

  #forget(count: number): void {
    this.entries.splice(0, count)
    this.#firstSeq += count
    this.floor = Math.max(0, this.floor - count)
  }
}
