import type { Clock } from '../clock.ts'

export type WatchdogOptions = {
  clock: Clock
  /** Milliseconds of silence to report; noticed up to a quarter late. */
  silenceMs: number
  onSilence: () => void
}

const CHECKS_PER_SILENCE = 4

/** Reports too long a silence. `hear` is called for every frame, so it sets a flag rather than a timer. */
export class Watchdog {
  readonly #options: WatchdogOptions
  #heard = true
  /** The socket is paused, so we cannot hear anything. */
  #deaf = false
  #silentChecks = 0
  #cancelTimer = () => {}

  constructor(options: WatchdogOptions) {
    this.#options = options
  }

  start(): void {
    const { clock, silenceMs, onSilence } = this.#options
    this.#cancelTimer = clock.after(silenceMs / CHECKS_PER_SILENCE, () => {
      this.#silentChecks = this.#heard || this.#deaf ? 0 : this.#silentChecks + 1
      this.#heard = false
      if (this.#silentChecks < CHECKS_PER_SILENCE) this.start()
      else onSilence()
    })
  }

  stop(): void {
    this.#cancelTimer()
  }

  hear(): void {
    this.#heard = true
  }

  /** Ignores silence until `listen`: we do not read. */
  deafen(): void {
    this.#deaf = true
  }

  listen(): void {
    this.#deaf = false
    this.#heard = true
  }
}
