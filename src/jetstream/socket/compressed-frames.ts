import type { Clock } from '../clock.ts'
import { type Dictionary, type Inflated, inflate } from './zstd.ts'

export type CompressedFramesOptions = {
  dictionary: Dictionary
  /** Bytes of the largest text that a frame may hold. */
  maxFrameBytes: number
  /** The longest that a frame may wait for others, in milliseconds, if that is less than 10. */
  batchWindowMs: number
  clock: Clock
  /** While it is false, frames wait. */
  hasRoom: () => boolean
  /** Takes the text of each frame, in their order. */
  onText: (text: string) => void
  /** Hears why there is no text. After `wrong-dictionary`, everything that waits is dropped: it would be the same. */
  onFailure: (failed: Failure) => void
}

export type Failure = Extract<Inflated, { failed: unknown }>['failed']

/** How long a frame waits for others, and with how many it does not wait. */
const MAX_WAIT_MS = 10
const MAX_FRAMES = 256

/** Keeps compressed frames until others have come with them: hosts send one by one, and together they cost a tenth. */
export class CompressedFrames {
  readonly #options: CompressedFramesOptions
  /** Not inflated yet, oldest first. */
  #frames: Buffer[] = []
  #callOff = () => {}

  constructor(options: CompressedFramesOptions) {
    this.#options = options
  }

  add(frame: Buffer): void {
    const { clock, batchWindowMs } = this.#options
    const waiting = this.#frames.push(frame)
    if (waiting === MAX_FRAMES) this.flush()
    else if (waiting === 1) {
      this.#callOff = clock.after(Math.min(MAX_WAIT_MS, batchWindowMs), () => this.flush())
    }
  }

  /** Inflates what waits, as far as there is room for it. */
  flush(): void {
    const { dictionary, maxFrameBytes, hasRoom, onText, onFailure } = this.#options
    this.#callOff()
    while (this.#frames.length > 0 && hasRoom()) {
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

  /** Nothing is inflated by itself any more. */
  stop(): void {
    this.#callOff()
  }
}
