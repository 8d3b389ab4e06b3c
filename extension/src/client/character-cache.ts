import type { Character } from './character.ts'

/** What is known about a name: a character, or that there is none, as of when the server was asked, in milliseconds. */
export type Known = { character: Character | null; at: number }

export type CacheEntry = readonly [name: string, known: Known]

/** Somebody who hides has to be gone soon: a fresh entry is not asked again, an older one is shown only while it is. */
const FRESH_MS = 60_000
const SHOWN_MS = 10 * 60_000
const MAX_ENTRIES = 2_000

/** Characters by the names that pages use for them. The least recently used are dropped. */
export class CharacterCache {
  readonly #entries = new Map<string, Known>()

  /** @param stored entries of `entries()`, as they came back from storage */
  constructor(stored: readonly CacheEntry[] = []) {
    for (const [name, known] of stored) this.#entries.set(name, known)
  }

  /** What may be shown for `name` at `now`, and whether it has to be asked again. */
  get(name: string, now: number): { known: Known; fresh: boolean } | undefined {
    const known = this.#entries.get(name)
    if (known === undefined) return undefined
    const age = now - known.at
    // A clock that was set back makes no entry younger than it is.
    if (age > SHOWN_MS || age < 0) {
      this.#entries.delete(name)
      return undefined
    }
    this.#entries.delete(name)
    this.#entries.set(name, known)
    return { known, fresh: age <= FRESH_MS }
  }

  /** Remembers `known`, unless something newer is known. */
  set(name: string, known: Known): void {
    const newest = newerOf(this.#entries.get(name), known)
    this.#entries.delete(name)
    this.#entries.set(name, newest)
    if (this.#entries.size <= MAX_ENTRIES) return
    const [oldest] = this.#entries.keys()
    if (oldest !== undefined) this.#entries.delete(oldest)
  }

  /** Brings what is known about `characters` up to what they were `at`; about others of them nothing is remembered. */
  update(characters: readonly Character[], at: number): void {
    const byDid = new Map(characters.map((character) => [character.did, character]))
    for (const [name, known] of this.#entries) {
      const character = byDid.get(known.character?.did ?? '')
      // The order, which tells when each was used last, stays.
      if (character !== undefined) this.#entries.set(name, newerOf(known, { character, at }))
    }
  }

  entries(): CacheEntry[] {
    return [...this.#entries]
  }
}

function newerOf(known: Known | undefined, other: Known): Known {
  return known !== undefined && known.at > other.at ? known : other
}
