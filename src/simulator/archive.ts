import type { Micros, StreamEvent } from '../atproto/event.ts'
import type { SimulatedWire } from './wires/wire.ts'

/** An event with its number, and its frame on each wire, made when first sent. */
export class Entry {
  readonly seq: number
  readonly event: StreamEvent
  /** By the wire's name. */
  readonly #frames: Record<string, string | undefined> = {}

  constructor(seq: number, event: StreamEvent) {
    this.seq = seq
    this.event = event
  }

  /** Undefined where the wire has no such event. */
  frame(wire: SimulatedWire): string | undefined {
    this.#frames[wire.name] ??= wire.frame(this.event, this.seq)
    return this.#frames[wire.name]
  }
}

/** The events of a server, in order, as far back as it keeps them. */
export class Archive {
  readonly entries: Entry[] = []
  /** The number of the first of `entries`. */
  #firstSeq: number
  readonly #keeps: number
  /** Index of the first entry that is still served. */
  floor = 0
  #listeners = new Set<(added: readonly StreamEvent[]) => void>()

  /**
   * @param firstSeq the first event's number; servers number events differently
   * @param keeps how many entries to keep; older ones are dropped, some at a time
   */
  constructor(firstSeq: number, keeps = Number.POSITIVE_INFINITY) {
    this.#firstSeq = firstSeq
    this.#keeps = keeps
  }

  /** The number of the next event to be added. */
  get nextSeq(): number {
    return this.#firstSeq + this.entries.length
  }

  add(events: readonly StreamEvent[]): void {
    for (const event of events) this.entries.push(new Entry(this.nextSeq, event))
    if (this.entries.length > this.#keeps * 1.25) this.#forget(this.entries.length - this.#keeps)
    for (const listener of this.#listeners) listener(events)
  }

  /** The entry numbered `seq`; the oldest if that was dropped, undefined if there is none yet. */
  from(seq: number): Entry | undefined {
    return this.entries[Math.max(0, seq - this.#firstSeq)]
  }

  /** Calls `listener` with all that is added, until the returned function is called. */
  onAdded(listener: (added: readonly StreamEvent[]) => void): () => void {
    this.#listeners.add(listener)
    return () => this.#listeners.delete(listener)
  }

  /** The number of the entry at `index`, whether or not there is one yet. */
  seqAt(index: number): number {
    return this.#firstSeq + index
  }

  /** The index of the entry numbered `seq`, within the bounds of `entries`. */
  indexOfSeq(seq: number): number {
    return Math.min(this.entries.length, Math.max(0, seq - this.#firstSeq))
  }

  /** The index of the first entry not before `at`; entries are in order of time, except within a few moments. */
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
