import type { Did, Micros } from '../atproto/event.ts'
import type { ActorState } from '../game/state.ts'
import { nothingTouched } from '../game/touched.ts'
import type { Reconciled } from '../store/reconciliation.ts'
import type { CompareRepository, Lane } from './compare-repository.ts'
import { LeaseEndedError } from './leased-ledger.ts'
import type { Ledger } from './ledger.ts'
import type { LruCache } from './lru-cache.ts'

/** People read at once, and those at most who are being compared: after a crash so many are compared again. */
const PAGE = 100
const MAX_WAITING = 500
/** Maximum people who are looked at and being compared. */
const MAX_FIRST = 100
/** How often it is stored how far it is. */
const SAVE_EVERY_MS = 5_000
const SAVE_EVERY_PEOPLE = 100
/**
 * How long before a gap what was missed in it may have been made: some time passes before it is witnessed, and the clocks by
 * which repositories are dated are other people's.
 */
const MARGIN: Micros = 3_600_000_000

export type SweepOptions = {
  ledger: Pick<Ledger, 'use'>
  people: Pick<CompareRepository, 'compare'>
  /** For everybody in turn, and for those whom somebody looks at. */
  lanes: { background: Lane; lookedAt: Lane }
  /** When the gap began; of several, when the first and the last of them did. */
  gap: Micros
  latest: Micros
  /** Who is followed; `undefined` for everybody. */
  dids: ReadonlySet<Did> | undefined
  /** Who is done, of whom that is remembered. */
  done: LruCache<Did, Reconciled>
  compared: (became: Reconciled) => void
  elapsedMs: () => number
  signal: AbortSignal
}

/** Compares everybody with their repository, in the store's order, from where the store says on. */
export class Sweep {
  readonly #options: SweepOptions
  readonly #failure = new AbortController()
  readonly #signal: AbortSignal
  readonly #work = new Set<Promise<unknown>>()
  /** Who is looked at, and being compared. */
  readonly #firsts = new Set<Did>()
  #isOver = false

  constructor(options: SweepOptions) {
    this.#options = options
    this.#signal = AbortSignal.any([options.signal, this.#failure.signal])
  }

  /**
   * Goes through everybody after `after`. All work has ended when it settles.
   * @throws the signal's reason, once it aborts
   */
  async run(after: Did | undefined): Promise<void> {
    const all = this.#all(after).finally(() => {
      this.#isOver = true
    })
    this.#keep(all)
    // Work adds to it.
    while (this.#work.size > 0) await Promise.all(this.#work)
    await all
    this.#failure.signal.throwIfAborted()
  }

  /** Somebody looks at `did`: they are compared before others. */
  first(did: Did): void {
    if (this.#isOver || this.#firsts.size >= MAX_FIRST || this.#firsts.has(did)) return
    this.#firsts.add(did)
    this.#keep(
      this.#knownOf([did])
        .then(([actor]) => this.#compare(did, actor, this.#options.lanes.lookedAt))
        .finally(() => this.#firsts.delete(did)),
    )
  }

  async #all(after: Did | undefined): Promise<void> {
    const { ledger, elapsedMs } = this.#options
    const waiting: { did: Did; became: Promise<Reconciled> }[] = []
    const done = new Map<Did, Reconciled>()
    let readTo = after
    let isRead = false
    let savedMs = elapsedMs()
    for (;;) {
      while (!isRead && waiting.length <= MAX_WAITING - PAGE) {
        const last = readTo
        const dids = await ledger.use((writer) => writer.unreconciled(last, PAGE))
        const known = await this.#knownOf(dids)
        for (const [index, did] of dids.entries()) {
          const became = this.#compare(did, known[index], this.#options.lanes.background)
          this.#keep(became)
          waiting.push({ did, became })
        }
        readTo = dids.at(-1) ?? readTo
        isRead = dids.length === 0
      }
      const next = waiting.shift()
      if (next === undefined) return
      const { did, became } = next
      done.set(did, await became)
      this.#signal.throwIfAborted()
      const isDue = done.size >= SAVE_EVERY_PEOPLE || elapsedMs() - savedMs >= SAVE_EVERY_MS
      if (!isDue && waiting.length > 0) continue
      await ledger.use((writer) => writer.reconciled({ after: did, done: new Map(done) }))
      done.clear()
      savedMs = elapsedMs()
    }
  }

  #knownOf(dids: readonly Did[]): Promise<(ActorState | undefined)[]> {
    return this.#options.ledger.use(async (writer) => {
      const known = await writer.load({ ...nothingTouched(), actors: new Set(dids) })
      return dids.map((did) => known.actor(did))
    })
  }

  /** Compares somebody, unless that has been done. */
  async #compare(did: Did, actor: ActorState | undefined, lane: Lane): Promise<Reconciled> {
    const { done, people, gap, latest, dids, compared } = this.#options
    if (dids?.has(did) === false) return 'same'
    const known = (): Reconciled | undefined => done.get(did)
    // Their shard has left meanwhile: its place stays where it is.
    if (actor === undefined) return 'same'
    const about = { did, actor, latest, since: gap - MARGIN, lane, known, signal: this.#signal }
    const became = await people.compare(about).catch((error: unknown) => {
      // The shard's place stays where it is, so the worker that has the shard now compares them again.
      if (error instanceof LeaseEndedError) return undefined
      throw error
    })
    if (became === undefined) return 'same'
    if (known() === undefined) compared(became)
    done.set(did, became)
    return became
  }

  /** Waits for `work` in the end, and ends everything where it fails. */
  #keep(work: Promise<unknown>): void {
    const kept = work
      .catch((error: unknown) => this.#failure.abort(error))
      .finally(() => this.#work.delete(kept))
    this.#work.add(kept)
  }
}
