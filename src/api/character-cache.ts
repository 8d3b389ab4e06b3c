import type { Did } from '@atcute/lexicons/syntax'

/** An answer about one character, ready to be sent. */
export type ReadyAnswer = { body: string; bytes: number; etag: string; until: number }

export type CharacterCacheOptions = {
  /** Whether ingest calls `invalidate` after every change; otherwise no answer is kept for longer than two seconds. */
  invalidated: boolean
  now?: () => number
  /**
   * Answers that the cache keeps. One takes some 600 bytes, so the default is at most about 320 MB, if that many
   * characters are asked for twice. @default 524288
   */
  max?: number
}

const MAX_CACHED = 524_288
/**
 * How long an answer is kept where changes are not reported. Somebody who hides or leaves must be gone within five seconds, of
 * which ingest takes up to two to fulfil the wish.
 */
const UNREPORTED_MAX_AGE_MS = 2_000
/** DIDs asked for lately, by hash, in four megabytes; a power of two. */
const DOORKEEPER_SLOTS = 1_048_576

/**
 * Answers about characters that many clients ask for, in two generations: the cache drops the older one when the younger is
 * full. It does not keep an answer that was asked for once: a client that walks through everybody would push out the
 * popular ones, and keeping would cost more than it saves.
 */
export class CharacterCache {
  readonly #invalidated: boolean
  readonly #now: () => number
  readonly #max: number
  readonly #doorkeeper = new Int32Array(DOORKEEPER_SLOTS)
  #young = new Map<string, ReadyAnswer>()
  #old = new Map<string, ReadyAnswer>()
  #changes = 0

  constructor({
    invalidated,
    now = performance.now.bind(performance),
    max = MAX_CACHED,
  }: CharacterCacheOptions) {
    this.#invalidated = invalidated
    this.#max = max
    this.#now = now
  }

  /** Grows with each reported change. Note it before you read what an answer is made of. */
  get changes(): number {
    return this.#changes
  }

  get(did: string): ReadyAnswer | undefined {
    let cached = this.#young.get(did)
    if (cached === undefined) {
      cached = this.#old.get(did)
      if (cached === undefined) return undefined
      this.#keep(did, cached)
    }
    // An expired answer keeps its slot: a character asked for that often will be asked for again.
    return cached.until > this.#now() ? cached : undefined
  }

  /**
   * @param changes `changes` before the answer was read: a change reported since may be this character's
   * @param maxAgeMs how long the answer is valid if no change is reported, in milliseconds
   */
  set(did: string, answer: { body: string; etag: string }, changes: number, maxAgeMs: number): ReadyAnswer {
    const current = this.#invalidated && changes === this.#changes
    const until = this.#now() + (current ? maxAgeMs : Math.min(maxAgeMs, UNREPORTED_MAX_AGE_MS))
    const { body, etag } = answer
    const ready = { body, bytes: Buffer.byteLength(body), etag, until }
    if (this.#young.has(did) || this.#wasSeen(did)) this.#keep(did, ready)
    return ready
  }

  /** Drops the answers about these characters: they have changed, or are gone. */
  invalidate(dids: readonly (Did | string)[]): void {
    this.#changes += 1
    for (const did of dids) this.#drop(did)
  }

  /** Drops all answers: the rules or titles have changed, by which they were made. */
  clear(): void {
    this.#changes += 1
    this.#young.clear()
    this.#old.clear()
  }

  #drop(did: string): void {
    this.#young.delete(did)
    this.#old.delete(did)
  }

  /** True from the second call on, unless another DID with the same slot came between. */
  #wasSeen(did: string): boolean {
    const hash = hashOf(did)
    const slot = (hash >>> 1) & (DOORKEEPER_SLOTS - 1)
    const seen = this.#doorkeeper[slot] === hash
    this.#doorkeeper[slot] = hash
    return seen
  }

  #keep(did: string, answer: ReadyAnswer): void {
    if (this.#young.size >= this.#max / 2) {
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
