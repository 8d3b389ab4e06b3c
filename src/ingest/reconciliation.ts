// After a gap everybody who is known is compared with their repository. The store says how far that is, so that a restart or
// another worker goes on from there.
import type { Did, Micros } from '../atproto/event.ts'
import type { Reconciled } from '../store/reconciliation.ts'
import type { CompareRepository, Lane } from './compare-repository.ts'
import type { Ledger } from './ledger.ts'
import { LruCache } from './lru-cache.ts'
import { Sweep } from './sweep.ts'

/** Requests to hosts and reads of repositories at once: in the background, and of people whom somebody looks at. */
const BACKGROUND = { hosts: 16, reads: 4 }
const LOOKED_AT = { hosts: 2, reads: 1 }
/** People of whom is remembered that they are done. */
const MAX_REMEMBERED = 20_000

export type ReconciliationOptions = {
  ledger: Pick<Ledger, 'use'>
  people: Pick<CompareRepository, 'compare' | 'lane'>
  /** Who is followed; `undefined` for everybody. */
  dids: ReadonlySet<Did> | undefined
  clock: () => Micros
  /** See `CompareOptions.caughtUp`. */
  caughtUp: (signal: AbortSignal) => Promise<void>
  /** Resolves after a while, or once the signal aborts. */
  rest: (signal: AbortSignal) => Promise<void>
  elapsedMs: () => number
  report: (progress: ReconciliationProgress) => void
  signal: AbortSignal
}

/** Times are those of the gap. */
export type ReconciliationProgress =
  | { state: 'begun'; since: Micros }
  | { state: 'compared'; became: Reconciled }
  | { state: 'ended'; since: Micros }

type Present = { since: Micros; done: LruCache<Did, Reconciled> }

/** Reconciles what the store says, one gap after the other. */
export class Reconciliation {
  readonly #options: ReconciliationOptions
  readonly #lanes: { background: Lane; lookedAt: Lane }
  /** Aborts where the store may have something else to go on with. */
  #outdated = new AbortController()
  #present: Present | undefined
  #sweep: Sweep | undefined

  constructor(options: ReconciliationOptions) {
    const { people } = options
    this.#options = options
    this.#lanes = { background: people.lane(BACKGROUND), lookedAt: people.lane(LOOKED_AT) }
  }

  /** A gap was queued, or this writer has other people now. */
  lookAgain(): void {
    this.#outdated.abort()
  }

  /** Somebody looks at `did`: they come first, if there has been a gap. */
  first(did: Did): void {
    this.#sweep?.first(did)
  }

  /**
   * Reconciles until the signal aborts.
   * @throws the error of the ledger
   */
  async run(): Promise<void> {
    const { signal } = this.#options
    while (!signal.aborted) {
      this.#outdated = new AbortController()
      const outdated = this.#outdated.signal
      try {
        await this.#step(AbortSignal.any([signal, outdated]))
      } catch (error) {
        if (!signal.aborted && !outdated.aborted) throw error
      }
    }
  }

  async #step(signal: AbortSignal): Promise<void> {
    const { ledger, caughtUp, rest, clock, report } = this.#options
    if ((await ledger.use((writer) => writer.reconciliation())) === undefined) return rest(signal)
    await caughtUp(signal)
    // Not what was read before: a gap that came meanwhile may have it go further back.
    const open = await ledger.use((writer) => writer.beginReconciliation())
    if (open === undefined) return
    const { since, latest, after } = open
    const { done } = this.#begin(since)
    try {
      this.#sweep = new Sweep({
        ...{ ...this.#options, lanes: this.#lanes, gap: since, latest, done, signal },
        compared: (became) => report({ state: 'compared', became }),
      })
      await this.#sweep.run(after)
    } finally {
      this.#sweep = undefined
    }
    await ledger.use((writer) => writer.endReconciliation(clock()))
    this.#present = undefined
    report({ state: 'ended', since })
  }

  /** What is remembered of the present one, where this goes on with it. */
  #begin(since: Micros): Present {
    if (this.#present?.since === since) return this.#present
    this.#options.report({ state: 'begun', since })
    this.#present = { since, done: new LruCache(MAX_REMEMBERED) }
    return this.#present
  }
}
