import type { Micros, StreamEvent } from '../../atproto/event.ts'
import type { Clock } from '../clock.ts'
import type { Limits } from '../limits.ts'

/** A place in the stream: `value` as in a `Cursor`, and `at`, the newest time up to there. */
export type Reached = { value: number; at: Micros }

/** Consecutive events, and the place after the last. */
export type Chunk = {
  events: StreamEvent[]
  /** The place after all events, unwanted ones included; undefined where none of them shows it. */
  reached: Reached | undefined
  /** The time of the first event, wanted or not. */
  firstAt: Micros
  /** Bytes received on the wire since the chunk before. */
  bytes: number
  /** Bytes of text that were still queued when the chunk was taken. */
  queuedBytes: number
}

export type QueueOptions = {
  limits: Pick<Limits, 'maxEvents' | 'batchWindowMs'>
  wants: (event: StreamEvent) => boolean
  clock: Clock
}

/** A chunk in the queue. `startedMs` is by the monotonic clock. */
type Filling = Omit<Chunk, 'queuedBytes'> & { startedMs: number; textBytes: number }

/** Queues events between the socket and the consumer, in chunks that are taken whole. */
export class Queue {
  readonly #options: QueueOptions
  readonly #chunks: Filling[] = []
  #textBytes = 0
  #bytes = 0
  #wake = () => {}

  constructor(options: QueueOptions) {
    this.#options = options
  }

  /** Bytes of text of all queued events. */
  get textBytes(): number {
    return this.#textBytes
  }

  /** Milliseconds until the first chunk is due; 0 when it is, undefined when there is none. */
  get dueMs(): number | undefined {
    const chunk = this.#chunks[0]
    if (chunk === undefined) return undefined
    const { limits, clock } = this.#options
    if (chunk.events.length >= limits.maxEvents) return 0
    return Math.max(0, chunk.startedMs + limits.batchWindowMs - clock.monotonic())
  }

  /** Counts bytes received on the wire. */
  receive(bytes: number): void {
    this.#bytes += bytes
  }

  /** Adds an event whose text has `textBytes`. One that is not wanted only moves the place. */
  push(event: StreamEvent, reached: Reached | undefined, textBytes: number): void {
    const { wants, clock } = this.#options
    const { maxEvents } = this.#options.limits
    let chunk = this.#chunks.at(-1)
    if (chunk === undefined || chunk.events.length >= maxEvents) {
      chunk = {
        events: [],
        reached,
        firstAt: event.at,
        bytes: 0,
        startedMs: clock.monotonic(),
        textBytes: 0,
      }
      if (this.#chunks.push(chunk) === 1) this.#wake()
    }
    // An old event among newer ones must not move the time back.
    if (reached !== undefined) {
      chunk.reached = { value: reached.value, at: Math.max(reached.at, chunk.reached?.at ?? 0) }
    }
    if (!wants(event)) return
    chunk.textBytes += textBytes
    this.#textBytes += textBytes
    if (chunk.events.push(event) >= maxEvents) this.#wake()
  }

  /** The first chunk, full or not. */
  take(): Chunk | undefined {
    const chunk = this.#chunks.shift()
    if (chunk === undefined) return undefined
    this.#textBytes -= chunk.textBytes
    const bytes = this.#bytes
    this.#bytes = 0
    const { events, reached, firstAt } = chunk
    return { events, reached, firstAt, bytes, queuedBytes: this.#textBytes }
  }

  /** Resolves the pending `changed()`, so that its caller looks at the connection again. */
  wake(): void {
    this.#wake()
  }

  /**
   * Resolves when a chunk begins or is full, at `wake()`, or after `waitMs`. Serves one waiter: a second call while the
   * first is pending would leave the first pending for ever.
   */
  changed(waitMs: number | undefined): Promise<void> {
    return new Promise((resolve) => {
      const cancelTimer =
        waitMs === undefined ? undefined : this.#options.clock.after(waitMs, () => this.#wake())
      this.#wake = () => {
        this.#wake = () => {}
        cancelTimer?.()
        resolve()
      }
    })
  }
}
