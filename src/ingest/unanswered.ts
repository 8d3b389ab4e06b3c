import type { Micros } from '../atproto/event.ts'
import type { QuestionKind } from '../game/question.ts'

/** Measures for how long new questions of each kind have waited while none of the kind was answered. */
export class Unanswered {
  readonly #monotonic: () => Micros
  readonly #since = new Map<QuestionKind, Micros>()

  /** @param monotonic microseconds of a clock that never goes back */
  constructor(monotonic: () => Micros) {
    this.#monotonic = monotonic
  }

  /** A question of this kind was answered. */
  answered(kind: QuestionKind): void {
    this.#since.delete(kind)
  }

  /** @param waiting new questions of each kind that wait now */
  report(waiting: Readonly<Record<QuestionKind, number>>): void {
    const now = this.#monotonic()
    for (const kind of Object.keys(waiting) as QuestionKind[]) {
      if (waiting[kind] === 0) this.#since.delete(kind)
      else if (!this.#since.has(kind)) this.#since.set(kind, now)
    }
  }

  /** 0 where none waits, or one was answered since the last report. */
  seconds(kind: QuestionKind): number {
    const since = this.#since.get(kind)
    return since === undefined ? 0 : (this.#monotonic() - since) / 1_000_000
  }
}
