import type { Clock } from '../../src/jetstream/clock.ts'

/** A clock that only the test moves. */
export class ManualClock implements Clock {
  #nowMs = 1_770_000_000_000
  #monotonicMs = 5_000
  #timers: { atMs: number; run: () => void }[] = []

  now = (): number => this.#nowMs

  monotonic = (): number => this.#monotonicMs

  /** Sets the machine's clock by `ms` milliseconds; no time passes. */
  set(ms: number): void {
    this.#nowMs += ms
  }

  after = (ms: number, run: () => void): (() => void) => {
    const timer = { atMs: this.#monotonicMs + ms, run }
    this.#timers.push(timer)
    return () => {
      this.#timers = this.#timers.filter((other) => other !== timer)
    }
  }

  /** Lets `ms` milliseconds pass, and runs the timers that fall due, in order. */
  pass(ms: number): void {
    const untilMs = this.#monotonicMs + ms
    for (;;) {
      const [next] = this.#timers.filter(({ atMs }) => atMs <= untilMs).sort((a, b) => a.atMs - b.atMs)
      if (next === undefined) break
      this.#timers = this.#timers.filter((other) => other !== next)
      this.#moveTo(next.atMs)
      next.run()
    }
    this.#moveTo(untilMs)
  }

  #moveTo(monotonicMs: number): void {
    this.#nowMs += monotonicMs - this.#monotonicMs
    this.#monotonicMs = monotonicMs
  }
}
