import type { Clock } from '../clock.ts'

export type WatchdogOptions = {
  clock: Clock
  /** Milliseconds; noticed up to a quarter later. */
  silenceMs: number
  onSilence: () => void
}

const LOOKS_PER_SILENCE = 4

/** Notices when nothing has been heard for too long. Hearing costs no timer: it is called for every frame. */
export class Watchdog {
  readonly #options: WatchdogOptions
  #heard = true
  /** We do not read, so that nothing can be heard. */
  #deaf = false
  #quietLooks = 0
  #callOff = () => {}

  constructor(options: WatchdogOptions) {
    this.#options = options
  }

  start(): void {
    const { clock, silenceMs, onSilence } = this.#options
    this.#callOff = clock.after(silenceMs / LOOKS_PER_SILENCE, () => {
      this.#quietLooks = this.#heard || this.#deaf ? 0 : this.#quietLooks + 1
      this.#heard = false
      if (this.#quietLooks < LOOKS_PER_SILENCE) this.start()
      else onSilence()
    })
  }

  stop(): void {
    this.#callOff()
  }

  hear(): void {
    this.#heard = true
  }

  /** From here to `listen`, silence is our own. */
  deafen(): void {
    this.#deaf = true
  }

  listen(): void {
    this.#deaf = false
    this.#heard = true
  }
}
