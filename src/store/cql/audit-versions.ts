import type { Did, Nsid } from '../../atproto/event.ts'
import type { Rulebook } from '../../game/rulebook.ts'
import type { LedgerEvent } from '../../game/state.ts'
import type { Finding } from '../auditor.ts'
import {
  type Awarded,
  ENTRIES_AMISS,
  RECORDS_AMISS,
  VERSION_AHEAD,
  VERSION_UNKNOWN,
  VersionAudit,
} from '../version-audit.ts'
import type { Session } from './driver/session.ts'
import { textOf } from './driver/values.ts'
import { shardOf } from './rows/buckets.ts'
import type { StoredCharacter } from './rows/character-row.ts'
import { type RuleVersions, settledOf } from './rows/rule-versions.ts'

const PLACES = 'SELECT shard, settled, move_part FROM books'

export type CqlVersionAuditOptions = {
  session: Session
  versions: RuleVersions
  shards: number
  rules: Pick<Rulebook, 'award'>
}

/** The versions of the rules, and how far each shard has moved to the newest, as of one moment. */
export class CqlVersionAudit {
  readonly #audit: VersionAudit
  readonly #shards: number
  /** By shard: the version that awards whom it has not moved to the next one. */
  readonly #settled: ReadonlyMap<number, number>
  readonly #inParts: ReadonlySet<Did>

  private constructor(audit: VersionAudit, parts: [number, Map<number, number>, Set<Did>]) {
    this.#audit = audit
    ;[this.#shards, this.#settled, this.#inParts] = parts
  }

  static async read({ session, versions, shards, rules }: CqlVersionAuditOptions): Promise<CqlVersionAudit> {
    const state = await versions.state()
    const rows = await session.readForDecision(PLACES, [])
    const settled = new Map(rows.map((row) => [Number(row.shard), settledOf(row.settled)]))
    const parts = rows.flatMap(({ move_part }) => {
      const part = textOf(move_part)
      return part === undefined ? [] : [(JSON.parse(part) as { did: Did }).did]
    })
    return new CqlVersionAudit(new VersionAudit(state, rules), [shards, settled, new Set(parts)])
  }

  /** Begins to compare a person's records and entries. */
  of({ state: { did }, rules }: StoredCharacter): PersonVersions {
    const { newest } = this.#audit
    const settled = this.#settled.get(shardOf(did, this.#shards)) ?? newest
    // Whom the change does not touch has the former version in their row, and both award them alike.
    const now = settled >= newest ? newest : Math.max(settled, rules)
    return new PersonVersions(this.#audit, { did, now, isInParts: this.#inParts.has(did) })
  }
}

/** What is found of one person. */
export class PersonVersions {
  readonly #audit: VersionAudit
  readonly #person: { did: Did; now: number; isInParts: boolean }
  readonly #found = new Map<string, number>()

  constructor(audit: VersionAudit, person: { did: Did; now: number; isInParts: boolean }) {
    this.#audit = audit
    this.#person = person
  }

  addRecord(collection: Nsid, record: Awarded): void {
    const { now, isInParts } = this.#person
    if (this.#audit.isRecordRight(now, collection, record)) return
    if (isInParts && this.#audit.isRecordRight(now - 1, collection, record)) return
    this.#count(RECORDS_AMISS)
  }

  /** Adds an entry as either of the two tables has it. */
  addEntry(entry: Pick<LedgerEvent, 'rules' | 'collection' | 'cause' | 'reason' | 'delta'>): void {
    const { newest } = this.#audit
    if (entry.rules < 1 || entry.rules > newest) this.#count(VERSION_UNKNOWN)
    else if (entry.rules > this.#person.now) this.#count(VERSION_AHEAD)
    else if (!this.#audit.isEntryRight(entry)) this.#count(ENTRIES_AMISS)
  }

  findings(): Finding[] {
    const { did } = this.#person
    return [...this.#found].map(([what, actual]) => ({ did, what, expected: 0, actual }))
  }

  #count(what: string): void {
    this.#found.set(what, (this.#found.get(what) ?? 0) + 1)
  }
}
