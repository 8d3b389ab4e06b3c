import type { DatabaseSync, StatementSync } from 'node:sqlite'
import type { Did } from '@atcute/lexicons/syntax'
import type { DayTally, Tally } from '../../game/days.ts'
import type { RecordState } from '../../game/state.ts'
import { ALL_DAYS, type Day, type DaySpan } from '../../game/time.ts'
import type { Touched } from '../../game/touched.ts'
import { daysToRead } from '../day-spans.ts'
import { readCounts, writeCounts } from './counts.ts'
import type { Names } from './names.ts'
import type { People } from './people.ts'

/** The table `days`: what a person's live records of each day before the running one brought. */
export class Days {
  readonly #names: Names
  readonly #within: StatementSync
  readonly #put: StatementSync
  readonly #delete: StatementSync
  readonly #deleteAll: StatementSync

  constructor(db: DatabaseSync, names: Names) {
    this.#names = names
    this.#within = db.prepare(
      'SELECT day, experience, claimed, counts FROM days WHERE actor = ? AND day BETWEEN ? AND ? ORDER BY day',
    )
    this.#put = db.prepare(
      'INSERT OR REPLACE INTO days (actor, day, experience, claimed, counts) VALUES (?, ?, ?, ?, ?)',
    )
    this.#delete = db.prepare('DELETE FROM days WHERE actor = ? AND day = ?')
    this.#deleteAll = db.prepare('DELETE FROM days WHERE actor = ?')
  }

  /** The days that a batch needs; `records` are those that it has loaded of a person. */
  load(
    touched: Pick<Touched, 'days' | 'allDays' | 'whole'>,
    people: People,
    records: (did: Did) => Iterable<RecordState>,
  ): Map<Did, ReadonlyMap<Day, Tally>> {
    const found = new Map<Did, Map<Day, Tally>>()
    const state = (did: Did) => people.find(did)?.state
    for (const [did, span] of daysToRead(touched, { state, records })) {
      const those = found.getOrInsertComputed(did, () => new Map())
      for (const { day, ...tally } of this.#read(people.row(did).id, span)) those.set(day, tally)
    }
    return found
  }

  /** All stored days of the person with this id, oldest first. */
  of(actor: number): DayTally[] {
    return this.#read(actor, ALL_DAYS)
  }

  put(actor: number, day: Day, { experience, claimed, counts }: Tally): void {
    if (counts.size === 0) this.#delete.run(actor, day)
    else {
      const text = writeCounts(counts, (reason) => this.#names.reasonId(reason))
      this.#put.run(actor, day, experience, claimed, text)
    }
  }

  purge(actor: number): void {
    this.#deleteAll.run(actor)
  }

  #read(actor: number, { first, last }: Readonly<DaySpan>): DayTally[] {
    return this.#within.all(actor, first, last).map(({ day, experience, claimed, counts }) => ({
      day: Number(day),
      experience: Number(experience),
      claimed: Number(claimed),
      counts: readCounts(String(counts), (id) => this.#names.reason(id)),
    }))
  }
}
