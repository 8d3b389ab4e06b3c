export type Backoff = {
  baseMs: number
  maxMs: number
  /** From 0 to below 1. */
  random: () => number
}

/**
 * Where to go after an ending: to the same endpoint (`redial`, `again`), another wire of its host, or the next host. `again` and `next` wait as the back-off says, `redial` and `other-wire`
 * do not: they answer a refusal that tells how to do better.
 */
export type Step = 'redial' | 'other-wire' | 'again' | 'next'

const FIRST_DIAL_TIMEOUT_MS = 2_000
const MAX_DIAL_TIMEOUT_MS = 10_000

/**
 * The longest wait after `failures` (1 or more) in a row, in milliseconds. Going round the hosts is free, each whole
 * round that failed doubles the wait; staying with one host doubles it each time.
 */
export function maxWaitMs(
  step: Step,
  failures: number,
  hosts: number,
  backoff: Pick<Backoff, 'baseMs' | 'maxMs'>,
): number {
  switch (step) {
    case 'redial':
    case 'other-wire':
      return 0
    case 'again':
      return doubled(failures - 1, backoff)
    case 'next':
      return failures % hosts === 0 ? doubled(failures / hosts - 1, backoff) : 0
  }
}

/** From half of `maxMs` up to it, so that clients that were cut off together do not come back together. */
export function jittered(maxMs: number, random: () => number): number {
  return maxMs * (0.5 + random() / 2)
}

/** Milliseconds to give one attempt: short in the first round, so that every host is heard of soon. */
export function dialTimeoutMs(failures: number, hosts: number): number {
  return Math.min(MAX_DIAL_TIMEOUT_MS, FIRST_DIAL_TIMEOUT_MS * 2 ** Math.floor(failures / hosts))
}

function doubled(exponent: number, { baseMs, maxMs }: Pick<Backoff, 'baseMs' | 'maxMs'>): number {
  return Math.min(maxMs, baseMs * 2 ** exponent)
}
