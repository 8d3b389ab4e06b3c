import { type Counts, NO_COUNTS } from '../game/days.ts'
import type { ActorState } from '../game/state.ts'
import type { Day } from '../game/time.ts'

/** The tally of the whole network's running day: what the live records of everybody's latest day brought. */
export class NetworkDay {
  /** The latest day on which a record of anybody's counted; 0 before the first. */
  day: Day
  /** By reason; in objects, so that a change needs one look-up. */
  readonly #counts = new Map<string, { n: number }>()

  constructor(day: Day, counts: Counts = NO_COUNTS) {
    this.day = day
    for (const [reason, n] of counts) this.#counts.set(reason, { n })
  }

  get counts(): Counts {
    return new Map([...this.#counts].flatMap(([reason, { n }]) => (n === 0 ? [] : [[reason, n]])))
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
      const former = had.size === 0 ? undefined : had.get(reason)
      if (former !== undefined) kept += 1
      this.#add(reason, n - (former ?? 0))
    }
    // Nearly never: a reason that has gone.
    if (kept < had.size) for (const [reason, n] of had) if (!has.has(reason)) this.#add(reason, -n)
  }

  #add(reason: string, step: number): void {
    if (step === 0) return
    const count = this.#counts.get(reason)
    if (count !== undefined) count.n += step
    else this.#counts.set(reason, { n: step })
  }
}
