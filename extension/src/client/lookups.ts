// Names on their way to the server: gathered from all tabs into batches, asked at a bounded pace, and remembered.
import type { Character } from './character.ts'
import type { CharacterCache } from './character-cache.ts'
import type { Pace } from './pace.ts'
import type { Outcome } from './request.ts'

/** What the server said about a name. */
type Told = ({ kind: 'known'; character: Character } | { kind: 'unknown' }) & {
  /** After so long something newer may be there; `null` where this is new. */
  retryMs: number | null
}

/** What came of a name. */
export type Found =
  | Told
  /** The server could not be asked; it may be asked again after so long. */
  | { kind: 'later'; retryMs: number }

/** The result for each name that the server answered about: a character, or `null` for none. */
export type Batch = ReadonlyMap<string, Character | null>

export type LookupOptions = {
  /** Calls `sending` when the request for the names goes: others may have to go before it. */
  ask: (names: readonly string[], sending: () => void) => Promise<Outcome<Batch>>
  cache: CharacterCache
  pace: Pace
  /** Called after each batch: it changed the cache or the pace. */
  changed: () => void
  now?: () => number
  wait?: (ms: number, then: () => void) => void
}

/** Names in one request, and characters that they may have there together: a URL must not grow past servers' limits. */
const MAX_NAMES = 100
const MAX_CHARACTERS = 6_000
/** The time in which names that appear together come together. */
const GATHER_MS = 50
/** Nobody waits longer than this for a pause to end. */
const MAX_WAIT_MS = 2_000
/** When to ask again about a name of which an older answer was given: by then a request has ended, however slow the server is. */
const NEWER_MS = 10_000
/** When to ask again about a name that the server passed over. */
const PASSED_OVER_MS = 30_000

type Waiting = { promise: Promise<Found>; resolve: (found: Found) => void }

export class Lookups {
  readonly #options: LookupOptions
  readonly #now: () => number
  readonly #wait: (ms: number, then: () => void) => void
  readonly #waiting = new Map<string, Waiting>()
  #scheduled = false
  #asking = false

  constructor(options: LookupOptions) {
    this.#options = options
    this.#now = options.now ?? Date.now
    this.#wait = options.wait ?? ((ms, then) => void setTimeout(then, ms))
  }

  /** What is known about each of `names`: at once where it is cached, else after the next batch. Never rejects. */
  async find(names: readonly string[]): Promise<Found[]> {
    return Promise.all(names.map((name) => this.#find(name)))
  }

  /** Another answer of the server showed `characters` as they were when it was asked, `at`. */
  noteSeen(characters: readonly Character[], at: number): void {
    this.#options.cache.update(characters, at)
    this.#options.changed()
  }

  #find(name: string): Found | Promise<Found> {
    const { cache, pace } = this.#options
    const now = this.#now()
    const cached = cache.get(name, now)
    if (cached?.fresh) return foundIn(cached.known.character)
    const pauseMs = pace.pausedUntil - now
    if (pauseMs > MAX_WAIT_MS) {
      return cached === undefined
        ? { kind: 'later', retryMs: pauseMs }
        : { ...foundIn(cached.known.character), retryMs: pauseMs }
    }
    const asked = this.#enqueue(name)
    // Something older is shown meanwhile; the answer is there the next time.
    return cached === undefined ? asked : { ...foundIn(cached.known.character), retryMs: NEWER_MS }
  }

  #enqueue(name: string): Promise<Found> {
    const already = this.#waiting.get(name)
    if (already !== undefined) return already.promise
    const { promise, resolve } = Promise.withResolvers<Found>()
    this.#waiting.set(name, { promise, resolve })
    this.#schedule()
    return promise
  }

  #schedule(): void {
    if (this.#scheduled || this.#asking || this.#waiting.size === 0) return
    this.#scheduled = true
    const due = this.#options.pace.next(this.#waiting.size) - this.#now()
    this.#wait(Math.max(GATHER_MS, Math.min(due, MAX_WAIT_MS)), () => {
      this.#scheduled = false
      // More names may have come meanwhile, or a pause: then the time is another.
      if (this.#options.pace.next(this.#waiting.size) > this.#now()) return this.#tooEarly()
      void this.#askNext()
    })
  }

  #tooEarly(): void {
    const pauseMs = this.#options.pace.pausedUntil - this.#now()
    if (pauseMs > MAX_WAIT_MS) this.#giveUp([...this.#waiting.keys()], pauseMs)
    this.#schedule()
  }

  async #askNext(): Promise<void> {
    const { ask, pace, changed } = this.#options
    const names = batchOf(this.#waiting.keys())
    this.#asking = true
    let sentAt = this.#now()
    const outcome = await ask(names, () => {
      sentAt = this.#now()
      pace.sent(sentAt)
    })
    this.#asking = false
    const now = this.#now()
    switch (outcome.kind) {
      case 'ok':
        pace.succeeded()
        this.#settle(names, outcome.value, sentAt)
        break
      case 'refused':
        pace.refused(now, outcome.retryMs)
        this.#giveUp(names, outcome.retryMs)
        break
      case 'absent':
      case 'failed':
        pace.failed(now)
        this.#giveUp(names, pace.pausedUntil - now)
        break
    }
    changed()
    this.#schedule()
  }

  #settle(names: readonly string[], batch: Batch, at: number): void {
    for (const name of names) {
      const character = batch.get(name)
      if (character === undefined) {
        this.#resolve(name, { kind: 'later', retryMs: PASSED_OVER_MS })
        continue
      }
      this.#options.cache.set(name, { character, at })
      this.#resolve(name, foundIn(character))
    }
  }

  #giveUp(names: readonly string[], retryMs: number): void {
    for (const name of names) this.#resolve(name, { kind: 'later', retryMs })
  }

  #resolve(name: string, found: Found): void {
    this.#waiting.get(name)?.resolve(found)
    this.#waiting.delete(name)
  }
}

function foundIn(character: Character | null): Told {
  return character === null ? { kind: 'unknown', retryMs: null } : { kind: 'known', character, retryMs: null }
}

function batchOf(names: Iterable<string>): string[] {
  const batch: string[] = []
  let characters = 0
  for (const name of names) {
    characters += encodeURIComponent(name).length + 1
    if (batch.length === MAX_NAMES || (batch.length > 0 && characters > MAX_CHARACTERS)) break
    batch.push(name)
  }
  return batch
}
