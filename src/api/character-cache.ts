import type { Did } from '@atcute/lexicons/syntax'

/** An answer about one character, ready to be sent. */
export type ReadyAnswer = { body: string; bytes: number; etag: string; until: number }

export type CharacterCacheOptions = {
  /** Whether somebody calls `forget` after every change; otherwise nothing is kept for longer than five seconds. */
  told: boolean
  now?: () => number
  /**
   * Answers held at most. One is some 600 bytes, so that the default is at most about 320 MB, where so many different
   * characters are asked for. @default 524288
   */
  most?: number
}

const MOST_HELD = 524_288
const UNTOLD_MS = 5_000
/** A power of two: DIDs seen lately, by hash, in four megabytes. */
const DOOR = 1_048_576

/**
 * Answers about characters that many ask for, in two generations: the older goes when the younger is full. Who is asked
 * for once is not held: going through everybody would else drive out those who are hot, and cost more than it saves.
 */
export class CharacterCache {
  readonly #told: boolean
  readonly #now: () => number
  readonly #most: number
  readonly #door = new Int32Array(DOOR)
  #young = new Map<string, ReadyAnswer>()
  #old = new Map<string, ReadyAnswer>()
  #changes = 0

  constructor({ told, now = performance.now.bind(performance), most = MOST_HELD }: CharacterCacheOptions) {
    this.#told = told
    this.#most = most
    this.#now = now
  }

  /** Grows with each change that is told: to be taken before what an answer is made of is read. */
  get changes(): number {
    return this.#changes
  }

  get(did: string): ReadyAnswer | undefined {
    let held = this.#young.get(did)
    if (held === undefined) {
      held = this.#old.get(did)
      if (held === undefined) return undefined
      this.#hold(did, held)
    }
    // One that is too old stays in its place, for whoever is asked for that often.
    return held.until > this.#now() ? held : undefined
  }

  /**
   * @param changes as they were before the answer was read: where one was told since, it may be this character's
   * @param mostMs how long the answer holds even if nothing is told, in milliseconds
   */
  set(did: string, answer: { body: string; etag: string }, changes: number, mostMs: number): ReadyAnswer {
    const current = this.#told && changes === this.#changes
    const until = this.#now() + (current ? mostMs : Math.min(mostMs, UNTOLD_MS))
    const { body, etag } = answer
    const ready = { body, bytes: Buffer.byteLength(body), etag, until }
    if (this.#young.has(did) || this.#wasSeen(did)) this.#hold(did, ready)
    return ready
  }

  /** These characters look different now, or are gone. */
  forget(dids: readonly (Did | string)[]): void {
    this.#changes += 1
    for (const did of dids) this.#drop(did)
  }

  #drop(did: string): void {
    this.#young.delete(did)
    this.#old.delete(did)
  }

  /** True from the second time on, as long as no other DID of the same place came between. */
  #wasSeen(did: string): boolean {
    const hash = hashOf(did)
    const place = (hash >>> 1) & (DOOR - 1)
    const seen = this.#door[place] === hash
    this.#door[place] = hash
    return seen
  }

  #hold(did: string, answer: ReadyAnswer): void {
    if (this.#young.size >= this.#most / 2) {
      this.#old = this.#young
      this.#young = new Map()
    }
    this.#young.set(did, answer)
  }
}

/** FNV-1a over the end of a DID, which is where DIDs differ; never 0, which stands for nobody. */
function hashOf(did: string): number {
  let hash = 0x811c9dc5
  for (let at = Math.max(0, did.length - 24); at < did.length; at++) {
    hash = Math.imul(hash ^ did.charCodeAt(at), 0x01000193)
  }
  return hash | 1
}
