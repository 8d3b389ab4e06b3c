import type { Did } from '@atcute/lexicons/syntax'
import type { Reader } from '../store/store.ts'

/** For as long it is taken for granted that somebody who is shown still is: as long as caches hold an answer. */
const HELD_MS = 5_000

/** Who may be seen, so that what was read a while ago is not sent on after somebody has gone. */
export class ShownPeople {
  readonly #reader: Pick<Reader, 'characters'>
  readonly #now: () => number
  #since = Number.NEGATIVE_INFINITY
  #shown = new Map<Did, boolean>()
  /** The question before: asked one after the other, nobody is asked about twice. */
  #asking: Promise<unknown> = Promise.resolve()

  constructor(reader: Pick<Reader, 'characters'>, now: () => number = () => performance.now()) {
    this.#reader = reader
    this.#now = now
  }

  /** Those of `dids` who may be seen. */
  among(dids: readonly Did[]): Promise<(did: Did) => boolean> {
    const asking = this.#asking.then(() => this.#ask(dids))
    this.#asking = asking.catch(() => {})
    return asking
  }

  async #ask(dids: readonly Did[]): Promise<(did: Did) => boolean> {
    if (this.#now() - this.#since >= HELD_MS) {
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
