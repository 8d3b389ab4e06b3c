import type { Logger } from 'pino'
import type { Micros } from '../atproto/event.ts'
import type { IngestMetrics } from './metrics.ts'

export type IntroductionsOptions = {
  log: Pick<Logger, 'warn'>
  metrics: Pick<IngestMetrics, 'introductions'>
  clock: () => Micros
}

/** An AppView that answers nothing for so long is away. */
const AWAY_AFTER_MICROS: Micros = 60_000_000
/** How often that is logged. */
const LOG_EVERY_MICROS: Micros = 600_000_000

/** Tells the metrics, and the log where it lasts, that characters are not shown because the AppView introduces nobody. */
export class Introductions {
  readonly #options: IntroductionsOptions
  #failingSince: Micros | undefined
  #logged: Micros | undefined

  constructor(options: IntroductionsOptions) {
    this.#options = options
  }

  /** The AppView has said something about people. */
  answered(): void {
    this.#failingSince = undefined
    this.#logged = undefined
  }

  /** The AppView could not be asked about people. */
  failed(): void {
    this.#failingSince ??= this.#options.clock()
  }

  /** So many characters wait to be introduced now. */
  report(waiting: number): void {
    const { log, metrics, clock } = this.#options
    const since = waiting === 0 ? undefined : this.#failingSince
    metrics.introductions(waiting, since === undefined ? undefined : since / 1_000_000)
    const now = clock()
    if (since === undefined || now - since < AWAY_AFTER_MICROS) return
    if (this.#logged !== undefined && now - this.#logged < LOG_EVERY_MICROS) return
    this.#logged = now
    const minutes = Math.round((now - since) / 60_000_000)
    log.warn(
      { waiting },
      `${waiting} characters are not shown: the AppView has not answered for ${minutes} min, and only it says who wants to be seen. They are shown as soon as it does. Check APPVIEW_URL and whether this machine reaches it; on a network without an AppView set APPVIEW_URL=none.`,
    )
  }
}
