import { type BucketCounts, Histogram } from './histogram.ts'

/** Durations of one kind that ended within one second, counted from the beginning of the run. */
export type Timing = { kind: string; second: number; counts: BucketCounts }

/** Durations by kind and second, so that seconds in which the network was disturbed can be told from calm ones. */
export class Timings {
  readonly #beganMs: number
  readonly #all = new Map<string, Map<number, Histogram>>()

  /** @param beganMs Unix time at which the run began, in milliseconds */
  constructor(beganMs: number) {
    this.#beganMs = beganMs
  }

  add(kind: string, ms: number): void {
    const second = Math.floor((Date.now() - this.#beganMs) / 1_000)
    const seconds = this.#all.getOrInsertComputed(kind, () => new Map())
    seconds.getOrInsertComputed(second, () => new Histogram()).add(ms)
  }

  get list(): Timing[] {
    return [...this.#all].flatMap(([kind, seconds]) =>
      [...seconds].map(([second, { counts }]) => ({ kind, second, counts })),
    )
  }
}

/** All durations of each kind that ended in a second of which `counts` is true. */
export function byKind(
  timings: readonly Timing[],
  counts: (second: number) => boolean,
): Map<string, Histogram> {
  const all = new Map<string, Histogram>()
  for (const { kind, second, counts: buckets } of timings) {
    if (counts(second)) all.getOrInsertComputed(kind, () => new Histogram()).addAll(buckets)
  }
  return all
}
