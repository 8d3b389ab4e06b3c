import type { Did } from '@atcute/lexicons/syntax'
import type { ImportProgress } from '../game/imports.ts'

/** People of whom the latest news are kept: many times as many as may wait for their imports at once. */
const MAX_PEOPLE = 2_000

/** The latest that ingest in this process said about the import of each person. Nothing, where another process ingests. */
export class ImportNews {
  readonly #latest = new Map<Did, ImportProgress>()

  note(did: Did, progress: ImportProgress): void {
    this.#latest.delete(did)
    this.#latest.set(did, progress)
    if (this.#latest.size <= MAX_PEOPLE) return
    const [oldest] = this.#latest.keys()
    if (oldest !== undefined) this.#latest.delete(oldest)
  }

  of(did: Did): ImportProgress | undefined {
    return this.#latest.get(did)
  }

  /** Forgets what was said about a former import. */
  drop(did: Did): void {
    this.#latest.delete(did)
  }
}
