import type { Did } from '@atcute/lexicons/syntax'
import type { Reader } from '../store/store.ts'

/** How long visibility is cached: somebody who hides or leaves must be gone within five seconds, fulfilling the wish included. */
const MAX_AGE_MS = 2_000

/** Says who is visible now, so that cached events of somebody who has gone are not sent. */
export class ShownPeople {
  readonly #reader: Pick<Reader, 'characters'>
  readonly #now: () => number
  #since = Number.NEGATIVE_INFINITY
  #shown = new Map<Did, boolean>()
  /** The query before this one: in sequence, no two ask for the same person. */
  #asking: Promise<unknown> = Promise.resolve()

  constructor(reader: Pick<Reader, 'characters'>, now: () => number = () => performance.now()) {
    this.#reader = reader
    this.#now = now
  }

  /** Loads the visibility of `dids`; the result tells whether one of them is visible. */
  among(dids: readonly Did[]): Promise<(did: Did) => boolean> {
    const asking = this.#asking.then(() => this.#ask(dids))
    this.#asking = asking.catch(() => {})
    return asking
  }

  async #ask(dids: readonly Did[]): Promise<(did: Did) => boolean> {
    if (this.#now() - this.#since >= MAX_AGE_MS) {
      this.#since = this.#now()
      this.#shown = new Map()
    }
    const shown = this.#shown
    const unknown = [...new Set(dids)].filter((did) => !shown.has(did))
    if (unknown.length > 0) {
      const found = new Set((await this.#reader.characters(unknown)).map(({ did }) => did))
      for (const did of unknown) shown.set(did, found.has(did))
    }
    return (did) => shown.get(did) ?? false
  }
}
