import type { Micros } from '../../../atproto/event.ts'
import type { Session } from '../driver/session.ts'

const SAMPLE_TTL_SECONDS = 86_400
const INSERT = `INSERT INTO samples (part, worker, at, events, network_bytes) VALUES (0, ?, ?, ?, ?) USING TTL ${SAMPLE_TTL_SECONDS}`
const DROP = 'DELETE FROM samples WHERE part = 0 AND worker = ?'

/** How much one worker has written so far, saved once in a while, so that readers can tell the rates of the last hour. */
export class Samples {
  readonly #session: Session
  readonly #worker: string
  #events = 0
  #networkBytes = 0
  #sampledAt: Micros = 0

  constructor(session: Session, worker: string) {
    this.#session = session
    this.#worker = worker
  }

  countEvents(count: number): void {
    this.#events += count
  }

  /** Saves a sample; `networkBytes` came in since the one before. */
  async record({ at, networkBytes }: { at: Micros; networkBytes: number }): Promise<void> {
    this.#networkBytes += networkBytes
    // The clock was set back: the distance to earlier samples no longer says how much time has passed.
    if (at < this.#sampledAt) await this.#session.write(DROP, [this.#worker])
    this.#sampledAt = at
    await this.#session.write(INSERT, [this.#worker, at, this.#events, this.#networkBytes])
  }
}
