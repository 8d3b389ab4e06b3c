import type { Did, Handle, Nsid } from '../../atproto/event.ts'
import type { RecordId } from '../../atproto/uri.ts'
import type { PeriodBoard } from '../../game/boards.ts'
import { type DayTally, daysOf } from '../../game/days.ts'
import { isImportable, type LedgerEvent, type RecordState } from '../../game/state.ts'
import { type Board, boardAfter, boardAround } from '../board.ts'
import type { StoreStatus } from '../status.ts'
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
import type { Row } from './driver/paging.ts'
import type { Session } from './driver/session.ts'
import { numberOf } from './driver/values.ts'
import { readBoard, readDid, readPeriodBoard, readXpHistogram } from './reading/board.ts'
import { readLatest, readRecent } from './reading/recent.ts'
import { RecentReads } from './reading/recent-reads.ts'
import { readStatus } from './reading/status.ts'
import { allRecordBuckets, EVENTS_PER_BUCKET, eventBucket, fingerprint } from './rows/buckets.ts'
import {
  IMPORT_COLUMNS,
  RUNNING_COLUMNS,
  readCharacter,
  readImportStatus,
  readKinds,
  readRunning,
  SHOWN_COLUMNS,
} from './rows/character-row.ts'
import { readDay } from './rows/day-row.ts'
import { readEvent } from './rows/event-row.ts'
import { readRecord } from './rows/record-row.ts'

export type CqlReaderOptions = {
  session: Session
  shards: number
  /** How old a board may be, in milliseconds. */
  boardMs: number
}

/** `answer` is there until it has come. */
type Request = { answer: Promise<Row | undefined> | undefined }

const CHARACTER = `SELECT ${SHOWN_COLUMNS} FROM characters WHERE did = ?`
const TIMELINE = 'SELECT standing, kinds, last_seq, first_seq FROM characters WHERE did = ?'
const RUNNING = `SELECT standing, ${RUNNING_COLUMNS} FROM characters WHERE did = ?`
const IMPORT = `SELECT ${IMPORT_COLUMNS} FROM characters WHERE did = ?`
const DAYS = 'SELECT * FROM days WHERE did = ?'
const SIZE = 'SELECT records FROM characters WHERE did = ?'
const RECORDS = 'SELECT * FROM records WHERE did = ? AND bucket = ?'
const HANDLE = 'SELECT did FROM handles WHERE handle = ?'
const EVENTS = 'SELECT * FROM events WHERE did = ? AND bucket = ? AND seq <= ? AND seq >= ? LIMIT ?'
const EVENTS_BY_TYPE =
  'SELECT * FROM events_by_type WHERE did = ? AND type = ? AND bucket = ? AND seq <= ? AND seq >= ? LIMIT ?'

/** Reads what is shown, at the consistency of `DATABASE_URL`. */
export class CqlReader implements Reader {
  readonly #options: CqlReaderOptions
  readonly #session: Session
  readonly #boards: RecentReads<Board<Did>>
  readonly #periodBoards: RecentReads<Board<Did> | undefined>
  /** Calls for the same person at the same time share one request. */
  readonly #asked = new Map<Did, Request>()

  constructor(options: CqlReaderOptions) {
    this.#options = options
    this.#session = options.session
    this.#boards = new RecentReads(options.boardMs)
    this.#periodBoards = new RecentReads(options.boardMs)
  }

  character(did: Did): Promise<Character | undefined> {
    return this.#row(did).then((row) => row && readCharacter(row))
  }

  async characters(dids: readonly Did[]): Promise<Character[]> {
    const rows = await Promise.all(dids.map((did) => this.#row(did)))
    return rows.flatMap((row) => (row === undefined ? [] : [readCharacter(row)]))
  }

  async own(did: Did): Promise<OwnCharacter | undefined> {
    const [row] = await this.#session.readForDisplay(CHARACTER, [did])
    if (row === undefined) return undefined
    const { profile, experience, counts } = readCharacter(row)
    return { did, profile, experience, counts, ...readVisibility(numberOf(row.standing)) }
  }

  async importStatus(did: Did): Promise<ImportStatus | undefined> {
    const [row] = await this.#session.readForDisplay(IMPORT, [did])
    if (row === undefined || !isImportable(readVisibility(numberOf(row.standing)))) return undefined
    return readImportStatus(row)
  }

  async didOf(handle: Handle): Promise<Did | undefined> {
    const name = handle.toLowerCase()
    const [row] = await this.#session.readForDisplay(HANDLE, [name])
    if (row === undefined) return undefined
    // The table names the person who had the handle last; their own row says whether they still have it.
    const character = await this.character(row.did as Did)
    return character?.profile?.handle === name ? character.did : undefined
  }

  async *records(did: Did, pageSize: number): AsyncGenerator<[RecordId, RecordState][]> {
    const [row] = await this.#session.readForDisplay(SIZE, [did])
    for (const bucket of allRecordBuckets(numberOf(row?.records ?? 0))) {
      for await (const rows of this.#session.pagesForDisplay(RECORDS, [did, bucket], pageSize)) {
        const live = rows.map(readRecord).filter(({ state }) => state.live)
        if ((await this.character(did)) === undefined) return
        if (live.length > 0) yield live.map(({ id, state }) => [id, state])
      }
    }
  }

  async events(did: Did, { type, cursor, limit }: EventsPage): Promise<Page<LedgerEvent> | undefined> {
    const [row] = await this.#session.readForDisplay(TIMELINE, [did])
    if (row?.standing !== SHOWN) return undefined
    const kind = type === undefined ? undefined : readKinds(row.kinds).get(type)
    const last = type === undefined ? numberOf(row.last_seq) : (kind?.lastSeq ?? 0)
    const first = type === undefined ? numberOf(row.first_seq) : (kind?.firstSeq ?? 1)
    const mark = fingerprint(`${did} ${type ?? ''}`)
    let seq = cursor === undefined ? last : Math.min(last, readPlace(cursor, mark))
    const items: LedgerEvent[] = []
    while (seq >= first && items.length < limit) {
      const rows = await this.#events(did, type, seq, first, limit - items.length)
      items.push(...rows.map((event) => readEvent(type === undefined ? event : { ...event, type })))
      // The next is in the same partition, or begins the one before.
      const reached = rows.at(-1)
      seq = reached === undefined ? eventBucket(seq) * EVENTS_PER_BUCKET - 1 : numberOf(reached.seq) - 1
    }
    return { items, cursor: seq >= first ? `${seq.toString(36)}-${mark}` : undefined }
  }

  async days(did: Did): Promise<DayTally[] | undefined> {
    const [row] = await this.#session.readForDisplay(RUNNING, [did])
    if (row?.standing !== SHOWN) return undefined
    // In this order: a day that ends in between is read twice rather than not at all.
    const stored = await this.#session.readForDisplay(DAYS, [did])
    return daysOf(stored.map(readDay), readRunning(row))
  }

  async board(page: BoardPage): Promise<Page<Ranked>> {
    const board = await this.#boards.read('all', () => readBoard(this.#session, this.#options.shards))
    const { items, cursor } = await this.#pageOf(board, page)
    return { items: items.map(({ rank, character }) => ({ rank, character })), cursor }
  }

  async periodBoard(of: PeriodBoard, page: BoardPage): Promise<Page<Placed> | undefined> {
    const board = await this.#periodBoards.read(`${of.kind} ${of.period}`, () =>
      readPeriodBoard(this.#session, this.#options.shards, of),
    )
    return board && this.#pageOf(board, page)
  }

  async xpHistogram(): Promise<XpCount[]> {
    return readXpHistogram(this.#session, this.#options.shards)
  }

  recent(after: string | undefined, limit: number): Promise<Recent> {
    return readRecent(this.#session, this.#options.shards, after, limit)
  }

  latest(limit: number): Promise<LedgerEvent[]> {
    return readLatest(this.#session, limit)
  }

  status(): Promise<StoreStatus> {
    return readStatus(this.#session, this.#options.shards)
  }

  async #pageOf(board: Board<Did>, { cursor, around, limit }: BoardPage): Promise<Page<Placed>> {
    const page =
      around === undefined ? boardAfter(board, { cursor, limit }, readDid) : boardAround(board, around, limit)
    const characters = await this.characters(page.places.map(({ key }) => key))
    const found = new Map(characters.map((character) => [character.did, character]))
    return {
      items: page.places.flatMap(({ key, rank, experience: earned }) => {
        const character = found.get(key)
        return character === undefined ? [] : [{ rank, earned, character }]
      }),
      cursor: page.cursor,
    }
  }

  #events(did: Did, type: Nsid | undefined, seq: number, first: number, limit: number): Promise<Row[]> {
    const bucket = eventBucket(seq)
    return type === undefined
      ? this.#session.readForDisplay(EVENTS, [did, bucket, seq, first, limit])
      : this.#session.readForDisplay(EVENTS_BY_TYPE, [did, type, bucket, seq, first, limit])
  }

  /** The row of a person, if they are shown. */
  #row(did: Did): Promise<Row | undefined> {
    const asked = this.#asked.get(did)?.answer
    if (asked !== undefined) return asked
    const request: Request = { answer: undefined }
    this.#asked.set(did, request)
    const over = (): void => {
      this.#asked.delete(did)
      // Tables that a Map has outgrown live on for a while, and would keep the answers: a third of what a read costs.
      request.answer = undefined
    }
    const answer = this.#session.readForDisplay(CHARACTER, [did]).then(
      ([row]) => {
        over()
        return row?.standing === SHOWN ? row : undefined
      },
      (error: unknown) => {
        over()
        throw error
      },
    )
    request.answer = answer
    return answer
  }
}

function readPlace(cursor: string, mark: string): number {
  const [, seq, whose] = /^([0-9a-z]{1,11})-([\w-]{8})$/.exec(cursor) ?? []
  if (seq === undefined || whose !== mark)
    throw new InvalidCursorError('the cursor is not one of this timeline')
  return Number.parseInt(seq, 36)
}
