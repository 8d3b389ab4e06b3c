import type { Did } from '@atcute/lexicons/syntax'
import type { PictureCache } from './picture-cache.ts'

export type UpkeepOptions = {
  caches: readonly PictureCache[]
  /** Those of `dids` who are shown. */
  shown: (dids: readonly Did[]) => Promise<ReadonlySet<Did>>
}

/** People whom one round asks about: a millisecond's read. */
const MAX_A_ROUND = 100
const MAX_DUE = 100_000

/**
 * Erases the pictures of people who are not shown any more. Each round asks about those who have changed, and then about
 * the next of all others in turn, so it also finds changes that nobody reports to it, such as a `forget` in another process.
 */
export class Upkeep {
  readonly #options: UpkeepOptions
  readonly #due = new Set<Did>()
  #turn: Iterator<Did> | undefined

  constructor(options: UpkeepOptions) {
    this.#options = options
  }

  /** These people have changed, or have new pictures: the next rounds ask about them. */
  changed(dids: readonly (Did | string)[]): void {
    for (const did of dids as readonly Did[]) {
      if (this.#due.size < MAX_DUE && this.#options.caches.some((cache) => cache.has(did))) this.#due.add(did)
    }
  }

  /** @returns how many people's pictures were erased */
  async round(): Promise<number> {
    const { caches, shown } = this.#options
    const due = [...this.#due].slice(0, MAX_A_ROUND)
    for (const did of due) this.#due.delete(did)
    const asked = [...new Set([...due, ...this.#others(MAX_A_ROUND - due.length)])]
    if (asked.length === 0) return 0
    const still = await shown(asked).catch((error: unknown) => {
      // Those who have changed are asked about again.
      for (const did of asked) this.#due.add(did)
      throw error
    })
    const gone = asked.filter((did) => !still.has(did))
    for (const did of gone) for (const cache of caches) await cache.erase(did)
    return gone.length
  }

  /** The next `max` of all who have pictures; begins anew after the last. */
  *#others(max: number): Generator<Did> {
    for (let count = 0; count < max; count++) {
      this.#turn ??= this.#everybody()
      const next = this.#turn.next()
      if (next.done) {
        this.#turn = undefined
        return
      }
      yield next.value
    }
  }

  *#everybody(): Generator<Did> {
    for (const cache of this.#options.caches) yield* [...cache.owners()]
  }
}
