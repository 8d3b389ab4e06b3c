import type { DatabaseSync, StatementSync } from 'node:sqlite'
import { setImmediate as nextTurn } from 'node:timers/promises'
import type { Did, Handle } from '@atcute/lexicons/syntax'
import type { RecordId } from '../../atproto/uri.ts'
import type { PeriodBoard } from '../../game/boards.ts'
import { byReason, type DayTally, daysOf } from '../../game/days.ts'
import { isImportable, type LedgerEvent, type RecordState } from '../../game/state.ts'
import { liveCounts } from '../live-counts.ts'
import { readReconciliation, statusOf } from '../reconciliation.ts'
import { MAX_GAPS, type StoreStatus } from '../status.ts'
import {
  type BoardPage,
  type Character,
  type EventsPage,
  type ImportStatus,
  InvalidCursorError,
  type OwnCharacter,
  type Page,
  type Placed,
  type Ranked,
  type Reader,
  type Recent,
  type XpCount,
} from '../store.ts'
import { readVisibility, SHOWN } from '../visibility.ts'
import { readKinds, tidOf } from './actor-row.ts'
import { type BoardPart, Boards } from './board.ts'
import {
  CHARACTER_COLUMNS,
  type CharacterRow,
  idOf,
  kindsOf,
  runningOf,
  toCharacter,
} from './character-row.ts'
import { readCounts } from './counts.ts'
import { CursorRow } from './cursor.ts'
import { Days } from './days.ts'
import { EntryVersions } from './entry-versions.ts'
import type { OpenFiles } from './files.ts'
import { Names } from './names.ts'
import { People } from './people.ts'
import { openQuestions, SELECT_IMPORT_TRIES } from './questions.ts'
import { Records } from './records.ts'
import { perDay } from './samples.ts'
import { EVENT_COLUMNS, ledgerEvent, Timeline } from './timeline.ts'

/**
 * Amounts of XP read at a time, which takes a millisecond or two. A commit in between may count a character twice or not at
 * all, which shifts ranks by one until the histogram is read again.
 */
const AMOUNTS_AT_ONCE = 5_000

/** No actor's id. */
const NOBODY = 0

/** Reads the ledger over a connection of its own; the file's write-ahead log keeps readers and the writer apart. */
export class SqliteReader implements Reader {
  readonly #db: DatabaseSync
  readonly #diskBytes: () => number
  readonly #files: OpenFiles
  readonly #names: Names
  readonly #versions: EntryVersions
  readonly #timeline: Timeline
  readonly #days: Days
  readonly #boards: Boards
  readonly #cursor: CursorRow
  readonly #character: StatementSync
  readonly #own: StatementSync
  readonly #imported: StatementSync
  readonly #importTries: StatementSync
  readonly #byHandle: StatementSync
  readonly #recent: StatementSync
  readonly #latest: StatementSync
  readonly #bounds: StatementSync
  readonly #histogram: StatementSync

  constructor(db: DatabaseSync, { diskBytes, files }: { diskBytes: () => number; files: OpenFiles }) {
    this.#db = db
    this.#diskBytes = diskBytes
    this.#files = files
    this.#names = new Names(db)
    this.#versions = new EntryVersions(db)
    this.#timeline = new Timeline(db, { names: this.#names, versions: this.#versions })
    this.#days = new Days(db, this.#names)
    this.#boards = new Boards(db, (row) => toCharacter(row, this.#names))
    this.#cursor = new CursorRow(db)
    this.#character = db.prepare(
      `SELECT ${CHARACTER_COLUMNS} FROM actors a LEFT JOIN profiles p ON p.actor = a.id
         WHERE a.did = ? AND a.standing = ${SHOWN}`,
    )
    this.#character.setReturnArrays(true)
    this.#own = db.prepare(
      `SELECT ${CHARACTER_COLUMNS}, a.standing FROM actors a LEFT JOIN profiles p ON p.actor = a.id WHERE a.did = ?`,
    )
    this.#own.setReturnArrays(true)
    this.#imported = db.prepare('SELECT id, standing, head, kinds, experience FROM actors WHERE did = ?')
    this.#imported.setReadBigInts(true)
    this.#imported.setReturnArrays(true)
    this.#importTries = db.prepare(SELECT_IMPORT_TRIES)
    this.#byHandle = db.prepare(
      `SELECT a.did FROM profiles p JOIN actors a ON a.id = p.actor WHERE p.handle = ? AND a.standing = ${SHOWN}`,
    )
    this.#recent = db.prepare(
      `SELECT ${EVENT_COLUMNS}, a.did, a.standing FROM events e JOIN actors a ON a.id = e.actor
         WHERE e.id > ? ORDER BY e.id LIMIT ?`,
    )
    this.#recent.setReadBigInts(true)
    this.#recent.setReturnArrays(true)
    this.#latest = db.prepare(
      `SELECT ${EVENT_COLUMNS}, a.did, a.standing FROM events e JOIN actors a ON a.id = e.actor
         ORDER BY e.id DESC LIMIT ?`,
    )
    this.#latest.setReadBigInts(true)
    this.#latest.setReturnArrays(true)
    this.#bounds = db.prepare('SELECT next_event - 1 AS newest, oldest_event AS oldest FROM totals')
    this.#histogram = db.prepare(
      `SELECT experience, characters FROM standings WHERE experience < ? AND characters > 0
         ORDER BY experience DESC LIMIT ${AMOUNTS_AT_ONCE}`,
    )
    this.#histogram.setReturnArrays(true)
  }

  async character(did: Did): Promise<Character | undefined> {
    const row = this.#row(did)
    return row && toCharacter(row, this.#names)
  }

  async characters(dids: readonly Did[]): Promise<Character[]> {
    return dids.flatMap((did) => {
      const row = this.#row(did)
      return row === undefined ? [] : [toCharacter(row, this.#names)]
    })
  }

  async own(did: Did): Promise<OwnCharacter | undefined> {
    const row = this.#own.get(did) as unknown as CharacterRow | undefined
    if (row === undefined) return undefined
    const { profile, experience, counts } = toCharacter(row, this.#names)
    return { did, profile, experience, counts, ...readVisibility(Number(row.at(-1))) }
  }

  async importStatus(did: Did): Promise<ImportStatus | undefined> {
    const row = this.#imported.get(did) as unknown as unknown[] | undefined
    if (row === undefined) return undefined
    const [id, visibility, head, kinds, experience] = row as [bigint, bigint, bigint | null, string, bigint]
    if (!isImportable(readVisibility(Number(visibility)))) return undefined
    const open = this.#importTries.get(id)
    const counts = liveCounts(readKinds(kinds, (collection) => this.#names.nsid(collection)))
    return {
      isOpen: open !== undefined,
      tries: Number(open?.tries ?? 0),
      head: tidOf(head),
      records: counts.values().reduce((sum, n) => sum + n, 0),
      experience: Number(experience),
    }
  }

  async *records(did: Did, pageSize: number): AsyncGenerator<[RecordId, RecordState][]> {
    const people = new People(this.#db, this.#names, 0)
    const row = people.find(did)
    if (row === undefined) return
    let page: [RecordId, RecordState][] = []
    for (const record of new Records(this.#db, this.#names, people).of(row)) {
      if (!record[1].live) continue
      page.push(record)
      if (page.length < pageSize) continue
      if (this.#row(did) === undefined) return
      yield page
      page = []
    }
    if (page.length > 0 && this.#row(did) !== undefined) yield page
  }

  async didOf(handle: Handle): Promise<Did | undefined> {
    return this.#byHandle.get(handle.toLowerCase())?.did as Did | undefined
  }

  async events(did: Did, page: EventsPage): Promise<Page<LedgerEvent> | undefined> {
    const row = this.#row(did)
    if (row === undefined) return undefined
    return this.#timeline.page({ id: idOf(row), did, kinds: kindsOf(row, this.#names) }, page)
  }

  async days(did: Did): Promise<DayTally[] | undefined> {
    const row = this.#row(did)
    return row && daysOf(this.#days.of(idOf(row)), runningOf(row, this.#names))
  }

  async board(page: BoardPage): Promise<Page<Ranked>> {
    return this.#boards.page(this.#partOf(page))
  }

  async periodBoard(board: PeriodBoard, page: BoardPage): Promise<Page<Placed> | undefined> {
    return this.#boards.periodPage(board, this.#partOf(page))
  }

  async xpHistogram(): Promise<XpCount[]> {
    const histogram: XpCount[] = []
    for (let below = Number.POSITIVE_INFINITY; ; ) {
      const rows = this.#histogram.all(below) as unknown as [number, number][]
      for (const [experience, characters] of rows) histogram.push({ experience, characters })
      const last = rows.at(-1)
      if (last === undefined || rows.length < AMOUNTS_AT_ONCE) return histogram
      ;[below] = last
      await nextTurn()
    }
  }

  async recent(after: string | undefined, limit: number): Promise<Recent> {
    const { newest, oldest } = this.#bounds.get() as { newest: number; oldest: number }
    if (after === undefined) return { events: [], position: String(newest), missed: false, more: false }
    if (!/^\d{1,15}$/.test(after)) throw new InvalidCursorError('the position is not one of the ledger')
    if (Number(after) > newest) throw new InvalidCursorError('the position lies ahead of the ledger')
    if (Number(after) + 1 < oldest) return { events: [], position: String(newest), missed: true, more: false }
    const parts = { names: this.#names, versions: this.#versions.refresh() }
    const rows = this.#recent.all(Number(after), limit) as unknown as unknown[][]
    const shown = rows.filter((row) => row[9] === BigInt(SHOWN))
    return {
      events: shown.map((row) => ({
        ...ledgerEvent(row, row[8] as Did, parts),
        position: String(row[0]),
      })),
      position: String(rows.at(-1)?.[0] ?? after),
      missed: false,
      more: rows.length === limit,
    }
  }

  async latest(limit: number): Promise<LedgerEvent[]> {
    const parts = { names: this.#names, versions: this.#versions.refresh() }
    const rows = this.#latest.all(limit) as unknown as unknown[][]
    const shown = rows.filter((row) => row[9] === BigInt(SHOWN))
    return shown.map((row) => ledgerEvent(row, row[8] as Did, parts))
  }

  async status(): Promise<StoreStatus> {
    this.#files.assertInPlace()
    const one = (sql: string) => this.#db.prepare(sql).get()
    const totals = one('SELECT * FROM totals') ?? {}
    const heartbeat = one('SELECT at, lag, host FROM pulse')
    const gaps = this.#db.prepare('SELECT * FROM gaps ORDER BY id DESC LIMIT ?').all(MAX_GAPS)
    return {
      cursor: this.#cursor.readReached(),
      heartbeat: heartbeat && {
        at: Number(heartbeat.at),
        lag: Number(heartbeat.lag),
        host: heartbeat.host === null ? undefined : String(heartbeat.host),
      },
      characters: Number(totals.characters),
      introductions: Number(totals.introductions),
      records: Number(totals.records),
      events: Number(totals.events),
      experience: Number(totals.experience),
      today: {
        day: Number(totals.day),
        counts: byReason(readCounts(String(totals.day_counts), (id) => this.#names.reason(id))),
      },
      ...openQuestions(this.#db),
      gaps: gaps.map((gap) => ({
        host: String(gap.host),
        from: Number(gap.began),
        to: gap.ended === null ? undefined : Number(gap.ended),
        reason: String(gap.reason),
        at: Number(gap.at),
      })),
      reconciliation: reconciliationOf(one('SELECT json FROM reconciliation')?.json),
      bytes: this.#diskBytes(),
      perDay: perDay(this.#db),
    }
  }

  #partOf({ cursor, around, limit }: BoardPage): BoardPart {
    if (around === undefined) return { cursor, around, limit }
    const row = this.#row(around)
    return { cursor, around: row === undefined ? NOBODY : idOf(row), limit }
  }

  #row(did: Did): CharacterRow | undefined {
    return this.#character.get(did) as unknown as CharacterRow | undefined
  }
}

function reconciliationOf(json: unknown): StoreStatus['reconciliation'] {
  const reconciliation = readReconciliation(json)
  return reconciliation && statusOf(reconciliation)
}
