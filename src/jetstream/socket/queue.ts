import type { Micros, StreamEvent } from '../../atproto/event.ts'
import type { Clock } from '../clock.ts'
import type { Limits } from '../limits.ts'

/** A place in the stream, `value` as in a `Cursor`, and the newest time up to there. */
export type Reached = { value: number; at: Micros }

/** Events that came in a row, and the place after the last. */
export type Chunk = {
  events: StreamEvent[]
  /** How far these lead, wanted or not; undefined where nothing in them tells. */
  reached: Reached | undefined
  /** The first frame's time, wanted or not. */
  firstAt: Micros
  /** Received on the wire since the chunk before. */
  bytes: number
}

export type QueueOptions = {
  limits: Pick<Limits, 'maxEvents' | 'batchWindowMs'>
  wants: (event: StreamEvent) => boolean
  clock: Clock
}

type Filling = Chunk & { startedMs: number; textBytes: number }

/** Events on their way from the socket to the consumer, in chunks that are handed over whole. */
export class Queue {
  readonly #options: QueueOptions
  readonly #chunks: Filling[] = []
  #textBytes = 0
  #bytes = 0
  #wake = () => {}

  constructor(options: QueueOptions) {
    this.#options = options
  }

  /** Bytes of text that the waiting events had. */
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

  receive(bytes: number): void {
    this.#bytes += bytes
  }

  /** Adds an event whose text has `size` bytes. One that is not wanted only moves the place. */
  push(event: StreamEvent, reached: Reached | undefined, size: number): void {
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
    // One from long ago between others says nothing of how far we are.
    if (reached !== undefined) {
      chunk.reached = { value: reached.value, at: Math.max(reached.at, chunk.reached?.at ?? 0) }
    }
    if (!wants(event)) return
    chunk.textBytes += size
    this.#textBytes += size
    if (chunk.events.push(event) >= maxEvents) this.#wake()
  }

  /** The first chunk, full or not. */
  take(): Chunk | undefined {
    const chunk = this.#chunks.shift()
    if (chunk === undefined) return undefined
    this.#textBytes -= chunk.textBytes
    const bytes = this.#bytes
    this.#bytes = 0
    return { events: chunk.events, reached: chunk.reached, firstAt: chunk.firstAt, bytes }
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
      const callOff = waitMs === undefined ? undefined : this.#options.clock.after(waitMs, () => this.#wake())
      this.#wake = () => {
        this.#wake = () => {}
        callOff?.()
        resolve()
      }
    })
  }
}
