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
/** A host that answers so many pings in a row, and sends nothing meanwhile, has nothing to send. */
const ANSWERS = 3

/**
 * Distinguishes a host that has nothing more for us from one that is stuck: both are silent, but only the first answers
 * pings. Each ping waits for the answer to the one before, or a host that was stuck could answer all of them at once.
 * `hear` is called for every frame, so it sets a flag rather than a timer.
 */
export class QuietMeter {
  readonly #options: QuietMeterOptions
  #heard = false
  #pinged = false
  #answers = 0
  #stopped = false
  #cancelTimer = () => {}

  constructor(options: QuietMeterOptions) {
    this.#options = options
  }

  start(): void {
    const { clock, ping } = this.#options
    this.#cancelTimer = clock.after(PING_EVERY_MS, () => {
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
    this.#cancelTimer()
  }

  /** Call for every frame. */
  hear(): void {
    const wasQuiet = this.#answers === ANSWERS
    this.#heard = true
    this.#answers = 0
    if (wasQuiet && !this.#stopped) this.start()
  }

  /** Call for every pong. */
  answered(): void {
    // Hosts may send pongs without a ping.
    if (!this.#pinged || this.#stopped) return
    this.#pinged = false
    // A frame since the ping shows that the host had something to send.
    if (this.#heard) return
    this.#answers += 1
    if (this.#answers < ANSWERS) return
    this.#cancelTimer()
    this.#options.onQuiet()
  }
}
