import type { Did } from '@atcute/lexicons/syntax'

/** An answer about one character, ready to be sent. */
export type ReadyAnswer = { body: string; etag: string; until: number }

export type CharacterCacheOptions = {
  /** Whether somebody calls `forget` after every change; otherwise nothing is kept for longer than five seconds. */
  told: boolean
  now?: () => number
}

/** An answer is some 600 bytes, so this is at most about 40 MB. */
const MOST_HELD = 65_536
const UNTOLD_MS = 5_000

/** Answers about characters that somebody asked for lately, in two generations: the older goes when the younger is full. */
export class CharacterCache {
  readonly #told: boolean
  readonly #now: () => number
  #young = new Map<string, ReadyAnswer>()
  #old = new Map<string, ReadyAnswer>()

  constructor({ told, now = performance.now.bind(performance) }: CharacterCacheOptions) {
    this.#told = told
    this.#now = now
  }

  get(did: string): ReadyAnswer | undefined {
    let held = this.#young.get(did)
    if (held === undefined) {
      held = this.#old.get(did)
      if (held === undefined) return undefined
      this.#hold(did, held)
    }
    if (held.until > this.#now()) return held
    this.forget([did])
    return undefined
  }

  /** @param mostMs how long the answer holds even if nothing is told, in milliseconds */
  set(did: string, answer: { body: string; etag: string }, mostMs: number): ReadyAnswer {
    const ready = { ...answer, until: this.#now() + (this.#told ? mostMs : Math.min(mostMs, UNTOLD_MS)) }
    this.#hold(did, ready)
    return ready
  }

  /** These characters look different now, or are gone. */
  forget(dids: readonly (Did | string)[]): void {
    for (const did of dids) {
      this.#young.delete(did)
      this.#old.delete(did)
    }
  }

  #hold(did: string, answer: ReadyAnswer): void {
    if (this.#young.size >= MOST_HELD / 2) {
      this.#old = this.#young
      this.#young = new Map()
    }
    this.#young.set(did, answer)
  }
}
