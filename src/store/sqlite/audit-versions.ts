import type { DatabaseSync } from 'node:sqlite'
import type { Did } from '@atcute/lexicons/syntax'
import type { Rulebook } from '../../game/rulebook.ts'
import type { Finding } from '../auditor.ts'
import { ENTRIES_AMISS, RECORDS_AMISS, VersionAudit } from '../version-audit.ts'
import { EntryVersions } from './entry-versions.ts'
import type { Names } from './names.ts'
import { isCapped, isLive, mediaIn } from './record-row.ts'
import { Rulebooks } from './rulebooks.ts'

type Row = Readonly<Record<string, unknown>>

export type SqliteVersionAuditOptions = {
  db: DatabaseSync
  names: Names
  rules: Pick<Rulebook, 'award'>
  /** Greater than all ids of people. */
  people: number
}

/**
 * Compares records and entries with the versions of the rules that the place of entries and people says. No entry can name a
 * version that does not exist, since none has a column for it; but it may be of another one than awarded it.
 */
export class SqliteVersionAudit {
  readonly #names: Names
  readonly #audit: VersionAudit
  readonly #versions: EntryVersions
  /** Somebody who is moved in parts counts by both versions. */
  readonly #inParts: number | undefined
  /** By actor id. */
  readonly #nowBy: Uint16Array
  readonly #records: Uint32Array
  readonly #entries: Uint32Array

  constructor({ db, names, rules, people }: SqliteVersionAuditOptions) {
    const rulebooks = new Rulebooks(db)
    const state = rulebooks.read()
    const newest = state.versions.at(-1)
    this.#names = names
    this.#audit = new VersionAudit(state, rules)
    this.#versions = new EntryVersions(db).refresh()
    this.#inParts = newest?.part === undefined ? undefined : rulebooks.reached(newest)
    this.#nowBy = new Uint16Array(people)
    this.#records = new Uint32Array(people)
    this.#entries = new Uint32Array(people)
  }

  addRecord({ actor, collection, xp, state, own }: Row): void {
    const id = Number(actor)
    const code = Number(state)
    const shown = mediaIn(code)
    const record = {
      live: isLive(code),
      xp: Number(xp),
      capped: isCapped(code),
      facts: shown && { media: shown.media, own: own === null ? undefined : String(own) },
    }
    const nsid = this.#names.nsid(Number(collection))
    const version = this.#nowOf(id)
    if (this.#audit.isRecordRight(version, nsid, record)) return
    if (id === this.#inParts && this.#audit.isRecordRight(version - 1, nsid, record)) return
    this.#records[id] = (this.#records[id] ?? 0) + 1
  }

  addEntry({ id, actor, entry, delta }: Row): void {
    // Nothing is checked of entries of the first version, nor are there others where there is no other.
    if (this.#audit.newest < 2) return
    const rules = this.#versions.of(Number(actor), Number(id))
    const { collection, cause, reason } = this.#names.entry(Number(entry))
    if (this.#audit.isEntryRight({ rules, collection, cause, reason, delta: Number(delta) })) return
    this.#entries[Number(actor)] = (this.#entries[Number(actor)] ?? 0) + 1
  }

  /** What is wrong about a person, after all of their records and entries were added. */
  findings(did: Did, actor: number): Finding[] {
    const found = [
      { did, what: RECORDS_AMISS, expected: 0, actual: this.#records[actor] ?? 0 },
      { did, what: ENTRIES_AMISS, expected: 0, actual: this.#entries[actor] ?? 0 },
    ]
    return found.filter(({ actual }) => actual > 0)
  }

  #nowOf(actor: number): number {
    const known = this.#nowBy[actor] ?? 0
    if (known !== 0) return known
    const now = this.#versions.now(actor)
    this.#nowBy[actor] = now
    return now
  }
}
