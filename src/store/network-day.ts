import { type Counts, NO_COUNTS } from '../game/days.ts'
import type { ActorState } from '../game/state.ts'
import type { Day } from '../game/time.ts'

/** The tally of the whole network's running day: what the live records of everybody's latest day brought. */
export class NetworkDay {
  /** The latest day on which a record of anybody's counted; 0 before the first. */
  day: Day
  readonly #counts: Map<string, number>

  constructor(day: Day, counts: Counts = NO_COUNTS) {
    this.day = day
    this.#counts = new Map(counts)
  }

  get counts(): Counts {
    return this.#counts
  }

  /** Counts the change of one person. Nobody's running day is later than the network's, so nobody's earlier days matter. */
  move(
    { running: before }: Pick<ActorState, 'running'>,
    { running: after }: Pick<ActorState, 'running'>,
  ): void {
    if (before === after) return
    if (after.day > this.day) {
      this.day = after.day
      this.#counts.clear()
    }
    const had = before.day === this.day ? before.counts : NO_COUNTS
    const has = after.day === this.day ? after.counts : NO_COUNTS
    let kept = 0
    for (const [reason, n] of has) {
      const former = had.get(reason)
      if (former !== undefined) kept += 1
      this.#add(reason, n - (former ?? 0))
    }
    // Nearly never: a reason that has gone.
    if (kept < had.size) for (const [reason, n] of had) if (!has.has(reason)) this.#add(reason, -n)
  }

  #add(reason: string, step: number): void {
    if (step === 0) return
    const n = (this.#counts.get(reason) ?? 0) + step
    if (n === 0) this.#counts.delete(reason)
    else this.#counts.set(reason, n)
  }
}
