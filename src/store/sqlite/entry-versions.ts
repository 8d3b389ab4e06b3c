import type { DatabaseSync, StatementSync } from 'node:sqlite'
import { type BoundRules, Rulebooks } from './rulebooks.ts'

/**
 * Says which version of the rules awarded an entry. No row of an entry or a person says it: people are moved in the order of
 * their ids, and `moves` has, for each step of a move, up to whom it came and with which entry it began.
 */
export class EntryVersions {
  readonly #rulebooks: Rulebooks
  readonly #begun: StatementSync
  #versions: readonly BoundRules[] = []
  /** From this entry on all are of the newest version. */
  #settledFrom = 0

  constructor(db: DatabaseSync) {
    this.#rulebooks = new Rulebooks(db)
    this.#begun = db.prepare(
      'SELECT first_event FROM moves WHERE version = ? AND up_to >= ? ORDER BY up_to LIMIT 1',
    )
  }

  /** Reads the versions as they are now; to be called before the entries are read. */
  refresh(): this {
    const { versions } = this.#rulebooks.read()
    const newest = versions.at(-1)
    const isMoving = newest?.firstActor !== undefined && newest.endedEvent === undefined
    this.#versions = versions
    this.#settledFrom = isMoving ? Number.POSITIVE_INFINITY : (newest?.endedEvent ?? newest?.firstEvent ?? 0)
    return this
  }

  /** The version that awarded `event`, an entry of the person with the id `actor`. */
  of(actor: number, event: number): number {
    const newest = this.#versions.at(-1)
    if (newest === undefined) return 1
    if (event >= this.#settledFrom) return newest.version
    const found = this.#versions.findLast((rulebook) => event >= this.#beganFor(rulebook, actor, event))
    return found?.version ?? 1
  }

  /** The version that awards the person with the id `actor` now. */
  now(actor: number): number {
    return this.of(actor, Number.MAX_SAFE_INTEGER)
  }

  #beganFor({ row, firstEvent, firstActor, endedEvent }: BoundRules, actor: number, event: number): number {
    if (firstActor === undefined || actor >= firstActor || event < firstEvent) return firstEvent
    // The steps of a move that has ended go with the entries that they are about.
    if (endedEvent !== undefined && event >= endedEvent) return endedEvent
    return Number(this.#begun.get(row, actor)?.first_event ?? Number.POSITIVE_INFINITY)
  }
}
