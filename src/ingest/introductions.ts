import type { Logger } from 'pino'
import type { Micros } from '../atproto/event.ts'
import type { IngestMetrics } from './metrics.ts'

export type IntroductionsOptions = {
  log: Pick<Logger, 'warn'>
  metrics: Pick<IngestMetrics, 'introductions'>
  clock: () => Micros
}

/** An AppView that has failed for this long is reported. */
const AWAY_AFTER_MICROS: Micros = 60_000_000
/** Pause between two logs of that. */
const LOG_EVERY_MICROS: Micros = 600_000_000

/** Reports to the metrics, and after a minute to the log, that characters are not shown because the AppView fails. */
export class Introductions {
  readonly #options: IntroductionsOptions
  #failingSince: Micros | undefined
  #logged: Micros | undefined

  constructor(options: IntroductionsOptions) {
    this.#options = options
  }

  /** The AppView has answered a question about people. */
  answered(): void {
    this.#failingSince = undefined
    this.#logged = undefined
  }

  /** A question about people to the AppView failed. */
  failed(): void {
    this.#failingSince ??= this.#options.clock()
  }

  /** @param waiting characters that are not introduced yet */
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
      `${waiting} characters are not shown: the AppView has not answered for ${minutes} min, and only it knows who wants to be shown. They are shown as soon as it answers. Check APPVIEW_URL and whether this machine reaches it; on a network without an AppView set APPVIEW_URL=none.`,
    )
  }
}
