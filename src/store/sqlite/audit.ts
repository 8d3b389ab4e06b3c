import type { DatabaseSync } from 'node:sqlite'
import type { Did } from '@atcute/lexicons/syntax'
import { BASELINE } from '../../game/baseline.ts'
import { NO_DAY } from '../../game/days.ts'
import { earned } from '../../game/periods.ts'
import type { Rulebook } from '../../game/rulebook.ts'
import type { Auditor, AuditProgress, AuditResult, Finding } from '../auditor.ts'
import { todayFindings } from '../day-findings.ts'
import { NetworkDay } from '../network-day.ts'
import { readVisibility, SHOWN, WAITING } from '../visibility.ts'
import { histogramFindings, XpBoardAudit } from '../xp-audit.ts'
import { readKinds } from './actor-row.ts'
import { auditBoards } from './audit-boards.ts'
import { DAY_COLUMNS, DayAudit } from './audit-days.ts'
import { SqliteVersionAudit } from './audit-versions.ts'
import { readCounts } from './counts.ts'
import { explained } from './failure.ts'
import { Names } from './names.ts'
import { CLAIMED_DAY, claimedIn, hasOwn, isLive, OWN } from './record-row.ts'

/** A record's first witness time in seconds; the column holds its distance from the key's own time, see tid.ts. */
const AT = "after + iif(typeof(rkey) = 'integer', (rkey >> 10) / 1000000, 0)"
/** The records as the sums need them. */
const RECORDS = `SELECT actor, collection, xp, state, ${AT} AS at,
    iif(state % ${CLAIMED_DAY} >= ${OWN}, (SELECT own FROM own_facts o
      WHERE o.rkey = r.rkey AND o.actor = r.actor AND o.collection = r.collection), NULL) AS own
  FROM records r`
/** Rows between two reports of progress; the event loop runs in between. */
const STRIDE = 200_000

/**
 * Audits one snapshot, so a ledger in use can be checked: every person's records and events against their experience, live
 * records against the counts, both against the versions of the rules, and the totals, the XP histogram and the board against
 * the people.
 */
export class SqliteAuditor implements Auditor {
  readonly #open: () => DatabaseSync

  /** @param open opens a connection of the audit's own, since its snapshot lasts as long as it runs */
  constructor(open: () => DatabaseSync) {
    this.#open = open
  }

  async audit(rules: Pick<Rulebook, 'award'>, progress: (done: AuditProgress) => void): Promise<AuditResult> {
    const db = this.#open()
    try {
      db.exec('BEGIN')
      return await new Audit(db, rules, progress).run()
    } catch (error) {
      throw explained(error, db.location() ?? 'the ledger')
    } finally {
      db.close()
    }
  }

  /** Always 0: each batch is one transaction, so a crash leaves nothing to mend. */
  async repair(): Promise<number> {
    return 0
  }
}

class Audit {
  readonly #db: DatabaseSync
  readonly #names: Names
  readonly #days: DayAudit
  readonly #versions: SqliteVersionAudit
  readonly #progress: (done: AuditProgress) => void
  readonly #findings: Finding[] = []
  /** By actor id: sums over that person's rows. */
  readonly #recordXp: Float64Array
  readonly #liveRecords: Uint32Array
  readonly #eventXp: Float64Array
  /** By actor id: the day whose week and month are summed up, and their sums. */
  readonly #day: Int32Array
  readonly #weekXp: Float64Array
  readonly #monthXp: Float64Array
  readonly #totals: Record<string, number>

  constructor(db: DatabaseSync, rules: Pick<Rulebook, 'award'>, progress: (done: AuditProgress) => void) {
    this.#db = db
    this.#names = new Names(db)
    this.#progress = progress
    const totals = db.prepare('SELECT * FROM totals').get() ?? {}
    this.#totals = Object.fromEntries(Object.entries(totals).map(([name, value]) => [name, Number(value)]))
    const people = this.#total('next_actor') + 1
    this.#recordXp = new Float64Array(people)
    this.#liveRecords = new Uint32Array(people)
    this.#eventXp = new Float64Array(people)
    this.#day = new Int32Array(people)
    this.#weekXp = new Float64Array(people)
    this.#monthXp = new Float64Array(people)
    const parts = { db, names: this.#names, rules, people }
    this.#days = new DayAudit(parts)
    this.#versions = new SqliteVersionAudit(parts)
  }

  async run(): Promise<AuditResult> {
    const baseline = this.#names.find(BASELINE)
    await this.#sum('days', 'SELECT id, period_day, running_day FROM actors', (row) => {
      this.#day[Number(row.id)] = Number(row.period_day)
      this.#days.addRunningDay(Number(row.id), Number(row.running_day))
    })
    let withOwn = 0
    const records = await this.#sum('records', RECORDS, (row) => {
      const actor = Number(row.actor)
      this.#days.addRecord(row)
      this.#versions.addRecord(row)
      if (row.collection !== baseline && claimedIn(Number(row.state)) === undefined)
        this.#earned(actor, Number(row.at), Number(row.xp))
      this.#recordXp[actor] = (this.#recordXp[actor] ?? 0) + Number(row.xp)
      if (hasOwn(Number(row.state))) withOwn += 1
      if (isLive(Number(row.state))) this.#liveRecords[actor] = (this.#liveRecords[actor] ?? 0) + 1
    })
    const events = await this.#sum('events', 'SELECT id, actor, entry, delta FROM events', (row) => {
      const actor = Number(row.actor)
      this.#eventXp[actor] = (this.#eventXp[actor] ?? 0) + Number(row.delta)
      this.#versions.addEntry(row)
    })
    const people = await this.#auditPeople()
    const own = this.#db.prepare('SELECT count(*) AS facts FROM own_facts').get()
    this.#expect(undefined, "facts of rules' own", withOwn, Number(own?.facts))
    this.#expect(undefined, 'total of records', records, this.#total('records'))
    this.#expect(undefined, 'total of events', events, this.#total('events'))
    this.#expect(undefined, 'total of experience', people.experience, this.#total('experience'))
    this.#expect(undefined, 'total of shown characters', people.shown, this.#total('characters'))
    this.#expect(
      undefined,
      'total of characters that are not introduced',
      people.introductions,
      this.#total('introductions'),
    )
    this.#auditHistogram(people.histogram)
    this.#days.addStoredDays()
    this.#findings.push(...this.#days.findings(this.#db.prepare(RECORDS).iterate()))
    this.#findings.push(...(await auditBoards(this.#db, this.#names, this.#suspects())))
    return {
      characters: people.born,
      records,
      events,
      experience: people.experience,
      findings: this.#findings,
    }
  }

  #earned(actor: number, at: number, xp: number): void {
    if (xp === 0) return
    const { week, month } = earned({ day: this.#day[actor] ?? 0, week: 0, month: 0 }, at, xp)
    this.#weekXp[actor] = (this.#weekXp[actor] ?? 0) + week
    this.#monthXp[actor] = (this.#monthXp[actor] ?? 0) + month
  }

  async #auditPeople() {
    const histogram = new Map<number, number>()
    const board = this.#board()
    const sums = { experience: 0, born: 0, shown: 0, introductions: 0, histogram }
    const columns = `id, did, standing, experience, kinds, pruned_xp, week_xp, month_xp, ${DAY_COLUMNS}`
    const today = new NetworkDay(0)
    await this.#sum('actors', `SELECT ${columns} FROM actors`, (row) => {
      const id = Number(row.id)
      const did = row.did as Did
      const experience = Number(row.experience)
      let live = 0
      for (const kind of readKinds(String(row.kinds), (nsid) => this.#names.nsid(nsid)).values())
        live += kind.live
      this.#expect(did, 'experience by records', this.#recordXp[id] ?? 0, experience)
      this.#expect(did, 'experience by events', (this.#eventXp[id] ?? 0) + Number(row.pruned_xp), experience)
      this.#expect(did, 'experience of the week', this.#weekXp[id] ?? 0, Number(row.week_xp))
      this.#expect(did, 'experience of the month', this.#monthXp[id] ?? 0, Number(row.month_xp))
      this.#expect(did, 'live records', this.#liveRecords[id] ?? 0, live)
      this.#findings.push(...this.#versions.findings(did, id))
      today.move({ running: NO_DAY }, { running: this.#days.addPerson(id, row) })
      sums.experience += experience
      if (readVisibility(Number(row.standing)).born) sums.born += 1
      const misplaced = board.difference(id, row.standing === SHOWN ? experience : undefined)
      if (misplaced !== undefined) this.#findings.push({ did, ...misplaced })
      if (row.standing === WAITING) sums.introductions += 1
      if (row.standing !== SHOWN) return
      sums.shown += 1
      histogram.set(experience, (histogram.get(experience) ?? 0) + 1)
    })
    this.#expect(undefined, 'places on the board without a character', 0, board.strays)
    this.#auditToday(today)
    return sums
  }

  #board(): XpBoardAudit<number> {
    const rows = this.#db.prepare('SELECT actor, experience FROM foremost').all()
    const places = rows.map(({ actor, experience }): [number, number] => [Number(actor), Number(experience)])
    return new XpBoardAudit({ above: this.#total('board_above'), places })
  }

  #auditToday(people: NetworkDay): void {
    const row = this.#db.prepare('SELECT day, day_counts FROM totals').get()
    const counts = readCounts(String(row?.day_counts), (id) => this.#names.reason(id))
    this.#findings.push(...todayFindings(people, { day: Number(row?.day), counts }))
  }

  #auditHistogram(expected: ReadonlyMap<number, number>): void {
    const stored = new Map<number, number>()
    for (const row of this.#db.prepare('SELECT experience, characters FROM standings').all()) {
      stored.set(Number(row.experience), Number(row.characters))
    }
    this.#findings.push(...histogramFindings(expected, stored))
  }

  async #sum(table: string, sql: string, add: (row: Record<string, unknown>) => void): Promise<number> {
    const total = Number(this.#totals[table] ?? this.#total('next_actor') - 1)
    let done = 0
    for (const row of this.#db.prepare(sql).iterate()) {
      add(row)
      if (++done % STRIDE !== 0) continue
      // Lets signals in before progress is reported, so a caller who wants to stop is heard at once.
      await new Promise(setImmediate)
      this.#progress({ step: table, done, total })
    }
    this.#progress({ step: table, done, total })
    return done
  }

  /** People of whom something is wrong already. */
  #suspects(): ReadonlySet<Did | undefined> {
    return new Set(this.#findings.map(({ did }) => did))
  }

  #expect(did: Did | undefined, what: string, expected: number, actual: number): void {
    if (expected !== actual) this.#findings.push({ did, what, expected, actual })
  }

  #total(name: string): number {
    return this.#totals[name] ?? 0
  }
}
