import type { DatabaseSync, StatementSync } from 'node:sqlite'
import type { Counts } from '../../game/days.ts'
import { NetworkDay } from '../network-day.ts'
import { readCounts, writeCounts } from './counts.ts'
import { Days } from './days.ts'
import { Events } from './events.ts'
import { Grants } from './grants.ts'
import { Moves } from './moves.ts'
import { Names } from './names.ts'
import { People } from './people.ts'
import { PeriodRows } from './period-rows.ts'
import { Profiles } from './profiles.ts'
import { Questions } from './questions.ts'
import { Records } from './records.ts'
import { TopRows } from './top-rows.ts'
import { XpHistogram } from './xp-histogram.ts'

/** The tables that the game's decisions change, and their totals, of which one row is kept beside them. */
export class Tables {
  readonly people: People
  readonly records: Records
  readonly grants: Grants
  readonly days: Days
  readonly events: Events
  readonly questions: Questions
  readonly profiles: Profiles
  readonly histogram: XpHistogram
  readonly top: TopRows
  readonly boards: PeriodRows
  readonly moves: Moves
  readonly totals: { records: number; events: number; experience: number }
  readonly today: NetworkDay
  readonly #writeCounts: (counts: Counts) => string
  readonly #saveTotals: StatementSync

  /** Must run inside a transaction, so the caches that it fills agree with the file. */
  constructor(db: DatabaseSync) {
    const row = db.prepare('SELECT * FROM totals').get() as Record<string, unknown>
    const names = new Names(db)
    this.people = new People(db, names, Number(row.next_actor))
    this.records = new Records(db, names, this.people)
    this.grants = new Grants(db, names)
    this.days = new Days(db, names)
    this.events = new Events(db, names, {
      nextId: Number(row.next_event),
      oldestId: Number(row.oldest_event),
    })
    this.questions = new Questions(db, names, Number(row.next_question))
    this.profiles = new Profiles(db)
    this.histogram = new XpHistogram(db, {
      characters: Number(row.characters),
      introductions: Number(row.introductions),
    })
    this.top = new TopRows(db, Number(row.board_above))
    this.boards = new PeriodRows(db, names)
    this.moves = new Moves(db, names, this.people)
    this.totals = {
      records: Number(row.records),
      events: Number(row.events),
      experience: Number(row.experience),
    }
    this.today = new NetworkDay(
      Number(row.day),
      readCounts(String(row.day_counts), (id) => names.reason(id)),
    )
    this.#writeCounts = (counts) => writeCounts(counts, (reason) => names.reasonId(reason))
    this.#saveTotals = db.prepare(
      `UPDATE totals SET characters = ?, introductions = ?, records = ?, events = ?, experience = ?,
         next_actor = ?, next_event = ?, oldest_event = ?, next_question = ?, board_above = ?, day = ?, day_counts = ?`,
    )
  }

  /** Writes what the tables have gathered in memory since the last call: sums, and rows that change several times in a batch. */
  save(): void {
    this.histogram.save()
    this.questions.save()
    this.top.save()
    this.boards.save()
    const { records, events, experience } = this.totals
    const { characters, introductions } = this.histogram
    const ids = [this.people.nextId, this.events.nextId, this.events.oldestId, this.questions.nextId]
    const sums = [characters, introductions, records, events, experience]
    const { day, counts } = this.today
    this.#saveTotals.run(...sums, ...ids, this.top.above, day, this.#writeCounts(counts))
  }

  /** Refills boards that many have left. For the start and after a recompute, since it reads all characters. */
  refillBoards(): void {
    this.boards.refill()
    if (this.top.refillIfShort()) this.save()
  }
}
