// The table `rulebooks`: which rules awarded entries from which on. Its rows are numbered by themselves; the versions that
// the ledger shows leave out the marks of recomputes that ran alone.
import type { DatabaseSync, StatementSync } from 'node:sqlite'
import type { Title } from '../../game/titles.ts'
import { assertRules, assertWhole, isRestoring, RECOMPUTING } from '../bound-rules.ts'
import type { RulesState, RulesVersion, WantedRules } from '../rules.ts'
import type { WriteOptions } from '../store.ts'

/** A version with what says which entries it awarded. */
export type BoundRules = RulesVersion & {
  /** Its row. */
  row: number
  /** The first entry that anybody was awarded by it. */
  firstEvent: number
  /** Of a version to which people were moved one by one: those with ids from this on began with it. */
  firstActor: number | undefined
  /** The first entry after such a move; `undefined` while it is under way. */
  endedEvent: number | undefined
  /** Where to go on with the records of the person who is moved in parts. */
  part: string | undefined
}

/** Stores that these rules award everybody from the next event on. */
export function bindRules(db: DatabaseSync, { fingerprint, titles }: WantedRules): void {
  db.prepare(
    'INSERT INTO rulebooks (fingerprint, titles, first_event) SELECT ?, ?, next_event FROM totals',
  ).run(fingerprint, writeTitles(titles))
}

/** The fingerprint of the rules that award the ledger now; `undefined` where it is new. */
export function rulesOf(db: DatabaseSync): string | undefined {
  const row = db.prepare('SELECT fingerprint FROM rulebooks ORDER BY version DESC LIMIT 1').get()
  return row === undefined ? undefined : String(row.fingerprint)
}

/** Binds a new ledger to its rules, and refuses one that other rules awarded. */
export function checkRules(
  db: DatabaseSync,
  file: string,
  { fingerprint, titles, purpose }: WriteOptions,
): void {
  assertWhole(rulesOf(db), file)
  const { versions, isHalfRecomputed } = new Rulebooks(db).read()
  const newest = versions.at(-1)
  if (purpose === 'recompute') bindRules(db, { fingerprint: RECOMPUTING, titles: undefined })
  else if (newest === undefined && !isHalfRecomputed) bindRules(db, { fingerprint, titles })
  else assertRules(isHalfRecomputed ? RECOMPUTING : newest?.fingerprint, fingerprint, file)
  // Titles award nothing, so those of the settings simply come into force.
  if (purpose === 'keep' && titles !== undefined && newest !== undefined)
    db.prepare('UPDATE rulebooks SET titles = ? WHERE version = ?').run(writeTitles(titles), newest.row)
}

/** Reads the versions of the rules. */
export class Rulebooks {
  readonly #rows: StatementSync
  readonly #wanted: StatementSync
  readonly #reached: StatementSync

  constructor(db: DatabaseSync) {
    this.#rows = db.prepare('SELECT * FROM rulebooks ORDER BY version')
    this.#wanted = db.prepare('SELECT fingerprint, titles FROM wanted_rules')
    this.#reached = db.prepare('SELECT max(up_to) AS actor FROM moves WHERE version = ?')
  }

  read(): { versions: BoundRules[]; isHalfRecomputed: boolean } {
    const versions: BoundRules[] = []
    // A recompute that ran alone entered its events under its mark, by the rules that it was to bind.
    let begun: number | undefined
    for (const row of this.#rows.all()) {
      const firstEvent = begun ?? Number(row.first_event)
      if (row.fingerprint === RECOMPUTING) {
        begun = firstEvent
        continue
      }
      begun = undefined
      if (isRestoring(String(row.fingerprint))) continue
      versions.push({
        version: versions.length + 1,
        fingerprint: String(row.fingerprint),
        titles: readTitles(row.titles),
        at: numberOf(row.at),
        row: Number(row.version),
        firstEvent,
        firstActor: numberOf(row.first_actor),
        endedEvent: numberOf(row.ended_event),
        part: row.part === null ? undefined : String(row.part),
      })
    }
    return { versions, isHalfRecomputed: begun !== undefined }
  }

  state(): RulesState {
    const { versions, isHalfRecomputed } = this.read()
    const newest = versions.at(-1)
    const wanted = this.wanted()
    if (newest?.firstActor === undefined || newest.endedEvent !== undefined)
      return { versions, isHalfRecomputed, move: undefined, wanted }
    const done = this.reached(newest) / Math.max(1, newest.firstActor - 1)
    return { versions, isHalfRecomputed, move: { from: newest.version - 1, done }, wanted }
  }

  wanted(): WantedRules | undefined {
    const row = this.#wanted.get()
    return row && { fingerprint: String(row.fingerprint), titles: readTitles(row.titles) }
  }

  /** The id of the last person who was moved to this version; 0 before the first. */
  reached({ row }: Pick<BoundRules, 'row'>): number {
    return Number(this.#reached.get(row)?.actor ?? 0)
  }
}

export function writeTitles(titles: readonly Title[] | undefined): string | null {
  return titles === undefined ? null : JSON.stringify(titles)
}

function readTitles(text: unknown): Title[] | undefined {
  return text === null || text === undefined ? undefined : (JSON.parse(String(text)) as Title[])
}

function numberOf(value: unknown): number | undefined {
  return value === null || value === undefined ? undefined : Number(value)
}
