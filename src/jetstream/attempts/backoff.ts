export type Backoff = {
  baseMs: number
  maxMs: number
  /** From 0 to below 1. */
  random: () => number
}

/**
 * Where the next attempt goes: the same endpoint (`redial`, `again`), another wire of its host, or the next host.
 * `again` and `next` wait as long as the back-off says. `redial` and `other-wire` come at once: we know what to change.
 */
export type Step = 'redial' | 'other-wire' | 'again' | 'next'

const FIRST_DIAL_TIMEOUT_MS = 2_000
const MAX_DIAL_TIMEOUT_MS = 10_000

/**
 * The longest wait in milliseconds after `failures` (1 or more) in a row. `again` always waits, `next` only after a
 * whole round of the hosts; each wait is twice as long as the one before.
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

/** A random wait from half of `maxMs` up to it, or clients that were cut off together would come back together. */
export function jittered(maxMs: number, random: () => number): number {
  return maxMs * (0.5 + random() / 2)
}

/** How long one attempt may take, in milliseconds: short at first, to try every host soon, then doubled each round. */
export function dialTimeoutMs(failures: number, hosts: number): number {
  return Math.min(MAX_DIAL_TIMEOUT_MS, FIRST_DIAL_TIMEOUT_MS * 2 ** Math.floor(failures / hosts))
}

function doubled(exponent: number, { baseMs, maxMs }: Pick<Backoff, 'baseMs' | 'maxMs'>): number {
  return Math.min(maxMs, baseMs * 2 ** exponent)
}
