// Repeats requests while the cluster is out of reach, which may be minutes, and logs that for the operator meanwhile.
import { setTimeout as sleep } from 'node:timers/promises'
import { errors, types } from 'cassandra-driver'
import type { StoreLog } from '../../driver.ts'
import { StoreError } from '../../store.ts'

export type RetriesOptions = {
  log: StoreLog
  /** A clock that only goes forward, in milliseconds. @default performance.now */
  elapsedMs?: () => number
  /** How soon an attempt that failed is repeated the first time, in milliseconds. @default 50 */
  firstWaitMs?: number
}

/** How long requests go on once the process was asked to end, in milliseconds. */
export type EndingLimits = {
  /** While the database answers none of them: then it counts as away. */
  silentMs: number
  /** In all, also where it answers: it may be too slow to take what is left. */
  totalMs: number
}

export const SILENT: StoreLog = { info: () => {}, warn: () => {} }

/** Failures that may pass, by the protocol's codes. */
const PASSING: ReadonlySet<number> = new Set([
  types.responseErrorCodes.serverError,
  types.responseErrorCodes.unavailableException,
  types.responseErrorCodes.overloaded,
  types.responseErrorCodes.isBootstrapping,
  types.responseErrorCodes.writeTimeout,
  types.responseErrorCodes.readTimeout,
  types.responseErrorCodes.readFailure,
  types.responseErrorCodes.writeFailure,
  // A server that came back has forgotten what was prepared on it.
  types.responseErrorCodes.unprepared,
])
const FIRST_WAIT_MS = 50
const MAX_WAIT_MS = 2_000
/** An unknown error of the driver may pass; after so long it counts as permanent. */
const UNKNOWN_FOR_MS = 60_000
/** A wait that is longer than this is logged, and how often again. */
const TELL_AFTER_MS = 5_000
const TELL_AGAIN_MS = 60_000
const LOOK_EVERY_MS = 500

type Wait = { what: string; sinceMs: number; why: string }

/** Runs attempts until they succeed, and logs those that take long. */
export class Retries {
  readonly #log: StoreLog
  readonly #elapsedMs: () => number
  readonly #firstWaitMs: number
  readonly #waits = new Set<Wait>()
  readonly #ended = new AbortController()
  /** The requests that have not succeeded yet, as functions that give them up. */
  readonly #underWay = new Set<(reason: unknown) => void>()
  #isEnding = false
  #count = 0
  /** When a request last succeeded, or was the first to be under way. */
  #answeredMs = 0
  #timer: NodeJS.Timeout | undefined
  #toldMs: number | undefined
  #awaySinceMs = 0

  constructor({ log, elapsedMs = () => performance.now(), firstWaitMs = FIRST_WAIT_MS }: RetriesOptions) {
    this.#log = log
    this.#elapsedMs = elapsedMs
    this.#firstWaitMs = firstWaitMs
  }

  /**
   * Tries until it succeeds.
   * @param what names the request in the log where it takes long
   * @throws the signal's reason when aborted, errors that do not pass, and a {@link StoreError} after `endWithin`
   */
  async run<T>(what: string, signal: AbortSignal | undefined, attempt: () => Promise<T>): Promise<T> {
    let wait: Wait | undefined
    const { promise: givenUp, reject: giveUp } = Promise.withResolvers<never>()
    // In a pause between two attempts nobody waits for it.
    givenUp.catch(() => {})
    if (this.#underWay.size === 0) this.#answeredMs = this.#elapsedMs()
    this.#underWay.add(giveUp)
    try {
      for (let waitMs = this.#firstWaitMs; ; waitMs = Math.min(MAX_WAIT_MS, waitMs * 2)) {
        signal?.throwIfAborted()
        this.#ended.signal.throwIfAborted()
        try {
          const answer = await Promise.race([attempt(), givenUp])
          if (this.#isEnding) this.#answeredMs = this.#elapsedMs()
          return answer
        } catch (error) {
          // Where the shard was lost meanwhile, no other attempt is worth it.
          signal?.throwIfAborted()
          this.#ended.signal.throwIfAborted()
          const now = this.#elapsedMs()
          const patience = patienceFor(error)
          if (patience === 0 || (wait !== undefined && now - wait.sinceMs > patience)) throw error
          this.#count += 1
          wait ??= this.#begin(what)
          wait.why = error instanceof Error ? error.message : String(error)
        }
        await this.#pause(waitMs * (0.5 + Math.random() / 2), signal)
      }
    } finally {
      this.#underWay.delete(giveUp)
      if (wait !== undefined) this.#over(wait)
    }
  }

  /** How many attempts have failed and were, or are to be, repeated. */
  get count(): number {
    return this.#count
  }

  /** Whether the process was asked to end: nothing should be begun that may wait for other processes. */
  get isEnding(): boolean {
    return this.#isEnding
  }

  /** Once either limit is reached, all requests fail, those under way, too. */
  endWithin({ silentMs, totalMs }: EndingLimits): void {
    this.#isEnding = true
    const begunMs = this.#elapsedMs()
    this.#answeredMs = begunMs
    const look = (): void => {
      const now = this.#elapsedMs()
      const silence = this.#underWay.size === 0 ? 0 : now - this.#answeredMs
      const leftMs = Math.min(silentMs - silence, totalMs - (now - begunMs))
      if (leftMs > 0) setTimeout(look, leftMs).unref()
      else this.#end(silence >= silentMs ? this.#silenceFor(silentMs) : tooSlow(totalMs))
    }
    look()
  }

  /** Fails all requests from now on, those under way, too: the driver would go on refusing them for ever. */
  close(): void {
    this.#fail('this store has been closed; nothing more can be done with it.')
  }

  #end(reason: string): void {
    this.#fail(`${reason}: what it has not taken comes again from the stream at the next start.`)
  }

  #fail(message: string): void {
    this.#ended.abort(new StoreError(message))
    for (const giveUp of this.#underWay) giveUp(this.#ended.signal.reason)
  }

  #silenceFor(ms: number): string {
    const [first] = this.#waits
    const why = first === undefined ? '' : ` (${first.why})`
    return `ended without the database, which has answered nothing for ${ms / 1_000} s${why}`
  }

  #begin(what: string): Wait {
    const wait = { what, sinceMs: this.#elapsedMs(), why: '' }
    if (this.#waits.size === 0) this.#awaySinceMs = wait.sinceMs
    this.#waits.add(wait)
    this.#timer ??= setInterval(() => this.#tell(), LOOK_EVERY_MS).unref()
    return wait
  }

  #over(wait: Wait): void {
    this.#waits.delete(wait)
    if (this.#waits.size > 0) return
    clearInterval(this.#timer)
    this.#timer = undefined
    if (this.#toldMs === undefined || this.#ended.signal.aborted) return
    this.#toldMs = undefined
    const seconds = Math.round((this.#elapsedMs() - this.#awaySinceMs) / 1_000)
    this.#log.info({ seconds }, `the database answers again, after ${seconds} s`)
  }

  #tell(): void {
    const now = this.#elapsedMs()
    const [oldest] = [...this.#waits].sort((a, b) => a.sinceMs - b.sinceMs)
    if (oldest === undefined || now - oldest.sinceMs < TELL_AFTER_MS) return
    if (this.#toldMs !== undefined && now - this.#toldMs < TELL_AGAIN_MS) return
    this.#toldMs = now
    const seconds = Math.round((now - oldest.sinceMs) / 1_000)
    this.#log.warn(
      { seconds, waiting: this.#waits.size, reason: oldest.why },
      `the database has not answered for ${seconds} s: ${oldest.what} waits for it`,
    )
  }

  /** Ends early with the reason of either signal, never with an `AbortError`: that would look like an orderly end. */
  async #pause(ms: number, signal: AbortSignal | undefined): Promise<void> {
    const ended = this.#ended.signal
    const either = signal === undefined ? ended : AbortSignal.any([signal, ended])
    await sleep(ms, undefined, { signal: either }).catch(() => {})
    signal?.throwIfAborted()
    ended.throwIfAborted()
  }
}

function tooSlow(ms: number): string {
  return `ended before the database had taken everything: it answers too slowly for an end within ${ms / 1_000} s`
}

/** How long a failure may last and still pass, in milliseconds; 0 where the request itself is at fault. */
function patienceFor(error: unknown): number {
  if (error instanceof errors.ResponseError) {
    return PASSING.has(error.code) ? Number.POSITIVE_INFINITY : 0
  }
  if (
    error instanceof errors.NoHostAvailableError ||
    error instanceof errors.OperationTimedOutError ||
    error instanceof errors.BusyConnectionError ||
    // A connection that broke off.
    (error instanceof errors.DriverError && 'isSocketError' in error && error.isSocketError === true)
  ) {
    return isRefusedByAll(error) ? 0 : Number.POSITIVE_INFINITY
  }
  // Our own error, or the driver's about our arguments.
  if (
    error instanceof StoreError ||
    error instanceof TypeError ||
    error instanceof RangeError ||
    error instanceof errors.ArgumentError
  ) {
    return 0
  }
  return error instanceof Error ? UNKNOWN_FOR_MS : 0
}

/** True for failures that may pass: servers that are away, slow or too busy. */
export function isPassing(error: unknown): boolean {
  return patienceFor(error) > 0
}

/** Every server that was asked found the request itself at fault. */
function isRefusedByAll(error: Error): boolean {
  if (!(error instanceof errors.NoHostAvailableError)) return false
  const inner = Object.values<unknown>(error.innerErrors ?? {})
  return (
    inner.length > 0 &&
    inner.every((cause) => cause instanceof errors.ResponseError && patienceFor(cause) === 0)
  )
}

/** The error of a read that was given up after `ms` milliseconds because of the passing `error`. */
export function unanswered(error: unknown, ms: number): StoreError {
  // Its first line: the driver adds a report on every server.
  const [why] = (error instanceof Error ? error.message : String(error)).split('\n')
  return new StoreError(
    `the database has not answered a read within ${ms / 1_000} s (${why}). Check that its servers run and are not overloaded, then try again.`,
    { cause: error },
  )
}
