import type { Micros, StreamEvent, Wire } from '../atproto/event.ts'
import { frameV1, frameV2 } from './frames.ts'

/** An event in its place, and as each wire shows it; made when first sent. */
export class Entry {
  readonly seq: number
  readonly event: StreamEvent
  #v1: string | undefined
  #v2: string | undefined

  constructor(seq: number, event: StreamEvent) {
    this.seq = seq
    this.event = event
  }

  /** Undefined where the wire does not tell of it. */
  frame(wire: Wire): string | undefined {
    if (wire === 'v2') {
      this.#v2 ??= frameV2(this.event, this.seq)
      return this.#v2
    }
    this.#v1 ??= frameV1(this.event, this.seq)
    return this.#v1
  }
}

/** What has happened, in order, as far back as a server keeps it. */
export class Archive {
  readonly entries: Entry[] = []
  readonly #firstSeq: number
  /** Entries before this one are not served any more. */
  floor = 0
  #listeners = new Set<(added: readonly StreamEvent[]) => void>()

  /** @param firstSeq servers number what they see each in their own way */
  constructor(firstSeq: number) {
    this.#firstSeq = firstSeq
  }

  /** The number of what is added next. */
  get nextSeq(): number {
    return this.#firstSeq + this.entries.length
  }

  add(events: readonly StreamEvent[]): void {
    for (const event of events) this.entries.push(new Entry(this.nextSeq, event))
    for (const listener of this.#listeners) listener(events)
  }

  /** Calls `listener` whenever something was added, until the function returned is called. */
  onAdded(listener: (added: readonly StreamEvent[]) => void): () => void {
    this.#listeners.add(listener)
    return () => this.#listeners.delete(listener)
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
}
