import type { Clock } from '../clock.ts'

export type QuietMeterOptions = {
  clock: Clock
  /** Sends the host a ping. */
  ping: () => void
  /** Called once, until the host sends something again. */
  onQuiet: () => void
}

/** Milliseconds without a frame before the host is pinged, and between two pings. */
const PING_EVERY_MS = 1_000
/** A host that answers so many pings in a row and sends nothing meanwhile has nothing to send. */
const ANSWERS = 3

/**
 * Tells a host that has nothing more for us from one that is too busy to send it: both are silent, but only the first
 * answers pings. The next ping waits for the answer to the one before, or a host that was stuck would answer all of them
 * at once. Hearing costs no timer: it is called for every frame.
 */
export class QuietMeter {
  readonly #options: QuietMeterOptions
  #heard = false
  #pinged = false
  #answers = 0
  #stopped = false
  #callOff = () => {}

  constructor(options: QuietMeterOptions) {
    this.#options = options
  }

  start(): void {
    const { clock, ping } = this.#options
    this.#callOff = clock.after(PING_EVERY_MS, () => {
      if (!this.#heard && !this.#pinged) {
        this.#pinged = true
        ping()
      }
      this.#heard = false
      this.start()
    })
  }

  stop(): void {
    this.#stopped = true
    this.#callOff()
  }

  /** A frame has come. */
  hear(): void {
    const wasQuiet = this.#answers === ANSWERS
    this.#heard = true
    this.#answers = 0
    if (wasQuiet && !this.#stopped) this.start()
  }

  /** The host has answered a ping. */
  answered(): void {
    // Hosts may send pongs that nobody asked for, and what came after the ping counts for more than its answer.
    if (!this.#pinged || this.#stopped) return
    this.#pinged = false
    if (this.#heard) return
    this.#answers += 1
    if (this.#answers < ANSWERS) return
    this.#callOff()
    this.#options.onQuiet()
  }
}
