import type { Ending } from '../observer.ts'

export type Backoff = {
  baseMs: number
  maxMs: number
  /** From 0 to below 1. */
  random: () => number
}

/**
 * What to do after an ending. `again` and `next` wait as the back-off says, `redial` and `other-wire`
 * do not: they answer a refusal that tells how to do better.
 */
export type Step = 'redial' | 'other-wire' | 'again' | 'next'

/** What an ending is judged by, besides itself. */
export type Circumstances = {
  /** The connection brought something new and lasted. */
  healthy: boolean
  /** Frames were asked to be compressed. */
  compressed: boolean
  /** The request named an exact place (a sequence number on v2), not a time. */
  exact: boolean
  /** The host's URL left the wire open, and the older one has not been tried. */
  olderWireLeft: boolean
  /** How many times running this very place has ended in an oversized frame, this time included. */
  oversizedTimes: number
}

const FIRST_DIAL_MS = 2_000
const LONGEST_DIAL_MS = 10_000
/** How a host that does not speak the newer wire answers its path. */
const NO_SUCH_PATH: ReadonlySet<number> = new Set([200, 404, 405, 410, 501])

/** Where to go after `ending`: the same endpoint or another, at once or later. */
export function stepAfter(ending: Ending, circumstances: Circumstances): Step {
  const { healthy, compressed, exact, olderWireLeft, oversizedTimes } = circumstances
  switch (ending.kind) {
    case 'refused':
      if (NO_SUCH_PATH.has(ending.status) && olderWireLeft) return 'other-wire'
      if (ending.status !== 400) return 'next'
      if (ending.error === 'CursorTooOld') return exact ? 'redial' : 'next'
      return compressed ? 'redial' : 'next'
    case 'cursor-lost':
    case 'undecodable':
      return 'redial'
    case 'oversized':
      return oversizedTimes < 2 ? 'again' : 'next'
    case 'error-frame':
      return ending.error === 'ConsumerTooSlow' ? 'again' : 'next'
    case 'closed':
      return healthy && ending.code !== 1001 ? 'again' : 'next'
    case 'unreachable':
    case 'silent':
      return 'next'
  }
}

/**
 * Milliseconds to wait after `failures` (1 or more) in a row. Going round the hosts is free, each whole
 * round that failed doubles the wait; staying with one host doubles it each time. Half of it is jitter.
 */
export function waitBefore(step: Step, failures: number, hosts: number, backoff: Backoff): number {
  switch (step) {
    case 'redial':
    case 'other-wire':
      return 0
    case 'again':
      return jittered(failures - 1, backoff)
    case 'next':
      return failures % hosts === 0 ? jittered(failures / hosts - 1, backoff) : 0
  }
}

/** Milliseconds to give one attempt: short in the first round, so that every host is heard of soon. */
export function dialMs(failures: number, hosts: number): number {
  return Math.min(LONGEST_DIAL_MS, FIRST_DIAL_MS * 2 ** Math.floor(failures / hosts))
}

function jittered(exponent: number, { baseMs, maxMs, random }: Backoff): number {
  return Math.min(maxMs, baseMs * 2 ** exponent) * (0.5 + random() / 2)
}
