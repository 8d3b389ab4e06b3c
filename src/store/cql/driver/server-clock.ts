// The time of the cluster's servers, by which several processes order what they write: their own clocks may be an hour apart,
// while the servers of one cluster agree within moments, as the database itself needs them to.
import type { Micros } from '../../../atproto/event.ts'
import type { Session } from './session.ts'
import { numberOf } from './values.ts'

export type ServerClockOptions = {
  session: Pick<Session, 'readForDecision'>
  /** This machine's clock, in microseconds since the Unix epoch. @default Date.now */
  own?: () => Micros
}

const NOW = 'SELECT toUnixTimestamp(now()) AS now FROM system.local'

export class ServerClock {
  readonly #session: Pick<Session, 'readForDecision'>
  readonly #own: () => Micros
  /** What servers' clocks showed when this process' monotonic clock was at 0, in milliseconds. */
  #zeroMs = 0
  /** How far servers' clocks were ahead of this machine's at the last look, in microseconds. */
  #ahead: Micros = 0

  private constructor({ session, own = () => Date.now() * 1000 }: ServerClockOptions) {
    this.#session = session
    this.#own = own
  }

  static async start(options: ServerClockOptions): Promise<ServerClock> {
    const clock = new ServerClock(options)
    await clock.look()
    return clock
  }

  /** Microseconds since the Unix epoch. */
  now(): Micros {
    return Math.round((this.#zeroMs + performance.now()) * 1000)
  }

  /** Converts a time of this machine's clock to the servers'. */
  of(own: Micros): Micros {
    return Math.max(0, own + this.#ahead)
  }

  /** Asks a server again: either clock may have been set since. */
  async look(): Promise<void> {
    const sentMs = performance.now()
    const [row] = await this.#session.readForDecision(NOW, [])
    // It was read somewhere between the question and the answer.
    this.#zeroMs = numberOf(row?.now) - (sentMs + performance.now()) / 2
    this.#ahead = this.now() - this.#own()
  }
}
