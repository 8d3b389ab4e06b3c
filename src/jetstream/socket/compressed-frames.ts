import type { Clock } from '../clock.ts'
import { type Dictionary, type Inflated, inflate } from './zstd.ts'

export type CompressedFramesOptions = {
  dictionary: Dictionary
  /** Maximum size of a frame's text, in bytes. */
  maxFrameBytes: number
  /** Milliseconds that a frame may wait for others, where that is less than `MAX_WAIT_MS`. */
  batchWindowMs: number
  clock: Clock
  /** Frames wait while it returns false. */
  hasRoom: () => boolean
  /** Receives the text of each frame, in order. */
  onText: (text: string) => void
  /** Receives why a frame has no text. On `wrong-dictionary` all waiting frames are dropped: they would fail alike. */
  onFailure: (failed: Failure) => void
}

export type Failure = Extract<Inflated, { failed: unknown }>['failed']

/** How long a frame waits for others. */
const MAX_WAIT_MS = 10
/** So many frames are inflated without waiting longer. */
const MAX_FRAMES = 256

/** Gathers compressed frames, which hosts send one by one: inflated in one call they cost a tenth. See zstd.ts. */
export class CompressedFrames {
  readonly #options: CompressedFramesOptions
  /** Not yet inflated, oldest first. */
  #frames: Buffer[] = []
  #cancelTimer = () => {}

  constructor(options: CompressedFramesOptions) {
    this.#options = options
  }

  add(frame: Buffer): void {
    const { clock, batchWindowMs } = this.#options
    const count = this.#frames.push(frame)
    if (count === MAX_FRAMES) this.flush()
    else if (count === 1) {
      this.#cancelTimer = clock.after(Math.min(MAX_WAIT_MS, batchWindowMs), () => this.flush())
    }
  }

  /** Inflates the waiting frames while there is room; the rest wait for the next flush. */
  flush(): void {
    const { dictionary, maxFrameBytes, hasRoom, onText, onFailure } = this.#options
    this.#cancelTimer()
    while (this.#frames.length > 0 && hasRoom()) {
      // One call takes only the first frames, and their text may leave no room for more.
      const results = inflate(this.#frames, dictionary, maxFrameBytes)
      this.#frames = this.#frames.slice(results.length)
      for (const result of results) {
        if ('text' in result) {
          onText(result.text)
          continue
        }
        if (result.failed === 'wrong-dictionary') this.#frames = []
        onFailure(result.failed)
      }
    }
  }

  /** Cancels the timer: frames that wait are no longer inflated by themselves. */
  stop(): void {
    this.#cancelTimer()
  }
}
