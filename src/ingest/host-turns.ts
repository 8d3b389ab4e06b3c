import { Pace, type Schedule } from '../bluesky/pace.ts'
import { RequestError } from '../bluesky/request.ts'
import { KeyedLimit } from './keyed-limit.ts'
import { LruCache } from './lru-cache.ts'

/** Hosts whose pace is remembered. */
const MAX_HOSTS = 2_000

export type HostTurnsOptions = {
  /** Requests of a host in a second. */
  perSecond: (host: string) => number
  /** Requests at once, each to another host. */
  atOnce: number
  /** How long a host that was of no use is left alone, in milliseconds. */
  restMs: number
  /** Milliseconds of a clock that never goes back. */
  elapsedMs: () => number
  /** Wakes after a time of that clock. @default a timer */
  schedule?: Schedule | undefined
}

/** Asks hosts politely: one request of each at a time, at a rate, not before the time that it names, and not while it is down. */
export class HostTurns {
  readonly #options: HostTurnsOptions
  /** Of each host one at a time: a request that waits for its host's pace holds up no other host. */
  readonly #lines = new KeyedLimit(Number.POSITIVE_INFINITY)
  readonly #limit: KeyedLimit
  readonly #paces = new LruCache<string, Pace>(MAX_HOSTS)
  readonly #downUntilMs = new LruCache<string, number>(MAX_HOSTS)

  constructor(options: HostTurnsOptions) {
    this.#options = options
    this.#limit = new KeyedLimit(options.atOnce)
  }

  /**
   * Asks `host` when its turn comes.
   * @param limit what else to keep to than `atOnce`, once it has come
   * @throws {HostDownError} while the host is left alone
   * @throws {RequestError} of `ask`
   */
  async use<Result>(
    host: string,
    signal: AbortSignal,
    ask: () => Promise<Result>,
    limit: KeyedLimit = this.#limit,
  ): Promise<Result> {
    return this.#lines.use(host, async () => {
      this.#assertUp(host, signal)
      const pace = this.#paceOf(host)
      await pace.turn(signal)
      return limit.use(host, async () => {
        this.#assertUp(host, signal)
        try {
          return await ask()
        } catch (error) {
          if (error instanceof RequestError && error.waitMs !== undefined) pace.rest(error.waitMs)
          throw error
        }
      })
    })
  }

  #assertUp(host: string, signal: AbortSignal): void {
    signal.throwIfAborted()
    if ((this.#downUntilMs.get(host) ?? 0) > this.#options.elapsedMs()) throw new HostDownError(host)
  }

  /** Leaves `host` alone for a while, since it answers nobody. */
  leaveAlone(host: string): void {
    const { elapsedMs, restMs } = this.#options
    this.#downUntilMs.set(host, elapsedMs() + restMs)
  }

  #paceOf(host: string): Pace {
    const known = this.#paces.get(host)
    if (known !== undefined) return known
    const { perSecond, elapsedMs: now, schedule } = this.#options
    const rate = { maxRequests: perSecond(host), windowMs: 1_000 }
    const pace = new Pace({ ...rate, now, ...(schedule && { schedule }) })
    this.#paces.set(host, pace)
    return pace
  }
}

/** The host has failed for others a moment ago. */
export class HostDownError extends RequestError {
  override name = 'HostDownError'

  constructor(host: string) {
    super(`${host} has not answered for a while`)
  }
}
