import { randomInt } from 'node:crypto'
import type { DatabaseSync } from 'node:sqlite'
import type { Did } from '@atcute/lexicons/syntax'
import { type DayShare, type DayTally, shareOf } from '../../game/days.ts'
import type { Rulebook } from '../../game/rulebook.ts'
import type { Day } from '../../game/time.ts'
import type { Finding } from '../auditor.ts'
import { ExpectedDays, type StoredDays } from '../day-findings.ts'
import { readCounts } from './counts.ts'
import { Days } from './days.ts'
import type { Names } from './names.ts'
import { claimedIn, isLive, mediaIn } from './record-row.ts'

type Row = Readonly<Record<string, unknown>>

/** The columns of `actors` that `DayAudit` reads. */
export const DAY_COLUMNS = 'running_day, running_xp, running_claimed, running_counts, earlier_counts'

/** People whose days are compared one by one; of the others only that they are wrong is told. */
const MAX_WALKED = 1_000

/** In place of a day: the running one, and all before it. */
const RUNNING = -1
const EARLIER = -2
/** In place of a reason: the sums of XP. */
const EXPERIENCE = 0
const CLAIMED = 1

export type DayAuditOptions = {
  db: DatabaseSync
  names: Names
  rules: Pick<Rulebook, 'award'>
  /** Greater than all ids of people. */
  people: number
}

/**
 * Compares the tallies of days with the records. However many days a person has, it keeps one number of them: the sum of
 * what their records add to their days, each times a random factor of its day and reason, less what is stored of their days.
 * Where that is 0, all agrees (or by a chance of one in 2^64); elsewhere the records are read once more for that person's days.
 */
export class DayAudit {
  readonly #db: DatabaseSync
  readonly #names: Names
  readonly #rules: Pick<Rulebook, 'award'>
  readonly #days: Days
  /** The sum modulo 2^64 would take bigints: two sums modulo 2^32, with factors of their own. */
  readonly #sums: readonly { seed: number; byActor: Uint32Array }[]
  readonly #runningDays: Int32Array
  readonly #codes = new Map<string, number>()

  constructor({ db, names, rules, people }: DayAuditOptions) {
    this.#db = db
    this.#names = names
    this.#rules = rules
    this.#days = new Days(db, names)
    this.#sums = [0, 1].map(() => ({ seed: randomInt(2 ** 32), byActor: new Uint32Array(people) }))
    this.#runningDays = new Int32Array(people)
  }

  /** Notes a person's running day, before all else about them. */
  addRunningDay(actor: number, day: Day): void {
    this.#runningDays[actor] = day
  }

  addRecord(row: Row): void {
    const share = this.#shareOf(row)
    if (share === undefined) return
    const actor = Number(row.actor)
    const day = share.day === this.#runningDays[actor] ? RUNNING : share.day
    this.#add(actor, day, EXPERIENCE, share.experience)
    this.#add(actor, day, CLAIMED, share.claimed)
    this.#add(actor, day, this.#codeOf(share.reason), 1)
  }

  /**
   * Adds a person's own row, with the columns of `DAY_COLUMNS`.
   * @returns the tally of their running day
   */
  addPerson(actor: number, row: Row): DayTally {
    const { running, earlier } = this.#readPerson(row)
    this.#subtract(actor, { ...running, day: RUNNING })
    for (const [reason, n] of earlier) this.#add(actor, EARLIER, this.#codeOf(reason), -n)
    return running
  }

  addStoredDays(): void {
    const rows = this.#db.prepare('SELECT actor, day, experience, claimed, counts FROM days').iterate()
    for (const row of rows) {
      const actor = Number(row.actor)
      const counts = this.#counts(row.counts)
      const [experience, claimed] = [Number(row.experience), Number(row.claimed)]
      const day = Number(row.day)
      this.#subtract(actor, { day, experience, claimed, counts })
      // Such a row is wrong whatever it says.
      if (day >= (this.#runningDays[actor] ?? 0)) this.#add(actor, EARLIER, EXPERIENCE, 1)
      for (const [reason, n] of counts) this.#add(actor, EARLIER, this.#codeOf(reason), n)
    }
  }

  /**
   * All that is wrong, after everything was added.
   * @param records all records once more, as for `addRecord`
   */
  findings(records: Iterable<Row>): Finding[] {
    const wrong = this.#suspects()
    if (wrong.length === 0) return []
    const walked = new Map(wrong.slice(0, MAX_WALKED).map((actor) => [actor, new ExpectedDays()]))
    for (const row of records) {
      const days = walked.get(Number(row.actor))
      const share = days && this.#shareOf(row)
      if (share !== undefined) days?.add(share)
    }
    const select = this.#db.prepare(`SELECT did, ${DAY_COLUMNS} FROM actors WHERE id = ?`)
    return wrong.flatMap((actor): Finding[] => {
      const row = select.get(actor) ?? {}
      const did = row.did as Did
      const days = walked.get(actor)
      if (days === undefined) return [{ did, what: 'tallies of days that agree', expected: 1, actual: 0 }]
      return days.findings(did, { stored: this.#days.of(actor), ...this.#readPerson(row) })
    })
  }

  #suspects(): number[] {
    const [first, second] = this.#sums.map(({ byActor }) => byActor)
    const wrong: number[] = []
    for (const [actor, sum] of first?.entries() ?? []) {
      if (sum !== 0 || second?.[actor] !== 0) wrong.push(actor)
    }
    return wrong
  }

  #shareOf({ collection, xp, state, at, own }: Row): DayShare | undefined {
    const code = Number(state)
    const shown = mediaIn(code)
    return shareOf(this.#rules, this.#names.nsid(Number(collection)), {
      live: isLive(code),
      xp: Number(xp),
      facts: shown && { media: shown.media, own: own === null ? undefined : String(own) },
      at: Number(at),
      claimed: claimedIn(code),
    })
  }

  #readPerson(row: Row): Omit<StoredDays, 'stored'> {
    const running = {
      day: Number(row.running_day),
      experience: Number(row.running_xp),
      claimed: Number(row.running_claimed),
      counts: this.#counts(row.running_counts),
    }
    return { running, earlier: this.#counts(row.earlier_counts) }
  }

  #counts(text: unknown) {
    return readCounts(String(text), (id) => this.#names.reason(id))
  }

  #codeOf(reason: string): number {
    return this.#codes.getOrInsertComputed(reason, () => this.#codes.size + CLAIMED + 1)
  }

  #subtract(actor: number, { day, experience, claimed, counts }: DayTally): void {
    this.#add(actor, day, EXPERIENCE, -experience)
    this.#add(actor, day, CLAIMED, -claimed)
    for (const [reason, n] of counts) this.#add(actor, day, this.#codeOf(reason), -n)
  }

  #add(actor: number, day: Day, code: number, n: number): void {
    if (n === 0) return
    for (const { seed, byActor } of this.#sums) {
      byActor[actor] = (byActor[actor] ?? 0) + Math.imul(factorOf(seed, day, code), n)
    }
  }
}

/** A number of 32 bits that looks random, the same for the same day and reason: the last steps of MurmurHash3. */
function factorOf(seed: number, day: Day, code: number): number {
  let hash = seed ^ Math.imul(day, 0x9e3779b1) ^ Math.imul(code, 0x27d4eb2f)
  hash = Math.imul(hash ^ (hash >>> 16), 0x85ebca6b)
  hash = Math.imul(hash ^ (hash >>> 13), 0xc2b2ae35)
  return hash ^ (hash >>> 16)
}
