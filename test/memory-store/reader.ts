import { type Did, type Handle, isReached } from '../../src/atproto/event.ts'
import type { RecordId } from '../../src/atproto/uri.ts'
import { BASELINE } from '../../src/game/baseline.ts'
import { type BoardKind, type PeriodBoard, periodOf } from '../../src/game/boards.ts'
import { byReason, type DayTally, NO_COUNTS, sumOf, totalOf } from '../../src/game/days.ts'
import type { QuestionKind } from '../../src/game/question.ts'
import { post } from '../../src/game/rules/post.ts'
import {
  type ActorState,
  isHidden,
  isImportable,
  type LedgerEvent,
  type RecordState,
} from '../../src/game/state.ts'
import { dayOf } from '../../src/game/time.ts'
import { boardAfter, boardAround, ranked } from '../../src/store/board.ts'
import { dailyRate } from '../../src/store/daily-rate.ts'
import { KEPT_PERIODS } from '../../src/store/period-boards.ts'
import { statusOf } from '../../src/store/reconciliation.ts'
import { MAX_GAPS, type StoreStatus } from '../../src/store/status.ts'
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
} from '../../src/store/store.ts'
import type { Memory } from './memory.ts'

/** Searches the whole ledger for each answer. */
export class MemoryReader implements Reader {
  readonly #memory: Memory

  constructor(memory: Memory) {
    this.#memory = memory
  }

  async character(did: Did): Promise<Character | undefined> {
    const actor = this.#shown(did)
    if (actor === undefined) return undefined
    const { experience, lastDelta, updatedAt } = actor
    const counts = new Map([...actor.counts].filter(([, n]) => n > 0))
    const profile = this.#memory.ledger.profiles.get(did)
    const version = String(this.#memory.versions.get(did))
    const tally = totalOf(actor)
    return { did, profile, experience, lastDelta, counts, tally, updatedAt, version }
  }

  async characters(dids: readonly Did[]): Promise<Character[]> {
    const all = await Promise.all(dids.map((did) => this.character(did)))
    return all.filter((character) => character !== undefined)
  }

  async own(did: Did): Promise<OwnCharacter | undefined> {
    const actor = this.#memory.ledger.actor(did)
    if (actor === undefined) return undefined
    const { born, status, optedOut, introduced, forgotten, hidden, left, unfollowed, experience } = actor
    const counts = new Map([...actor.counts].filter(([, n]) => n > 0))
    const profile = this.#memory.ledger.profiles.get(did)
    const visibility = { born, status, optedOut, introduced, forgotten, hidden, left, unfollowed }
    return { did, profile, experience, counts, ...visibility }
  }

  async importStatus(did: Did): Promise<ImportStatus | undefined> {
    const { ledger } = this.#memory
    const actor = ledger.actor(did)
    if (actor === undefined || !isImportable(actor)) return undefined
    const open = ledger.questions.find((question) => question.kind === 'import' && question.did === did)
    return {
      isOpen: open !== undefined,
      tries: open?.tries ?? 0,
      head: actor.head,
      records: ledger.records(did).filter(([, { live }]) => live).length,
      experience: actor.experience,
    }
  }

  async didOf(handle: Handle): Promise<Did | undefined> {
    const owner = this.#memory.ledger.ownerOf(handle)
    return owner !== undefined && this.#shown(owner) !== undefined ? owner : undefined
  }

  async *records(did: Did, pageSize: number): AsyncGenerator<[RecordId, RecordState][]> {
    const live = this.#memory.ledger.records(did).filter(([, { live }]) => live)
    for (let at = 0; at < live.length && this.#shown(did) !== undefined; at += pageSize) {
      yield live.slice(at, at + pageSize)
    }
  }

  async events(did: Did, { type, cursor, limit }: EventsPage): Promise<Page<LedgerEvent> | undefined> {
    if (this.#shown(did) === undefined) return undefined
    const all = this.#memory.ledger.events.filter(
      (event) => event.did === did && (type === undefined || event.collection === type),
    )
    const before = cursor === undefined ? all.length : placeIn(cursor, did)
    const from = Math.max(0, before - limit)
    return { items: all.slice(from, before).reverse(), cursor: from > 0 ? `${from}:${did}` : undefined }
  }

  async days(did: Did): Promise<DayTally[] | undefined> {
    return this.#shown(did) && this.#memory.ledger.allDays(did)
  }

  async board(page: BoardPage): Promise<Page<Ranked>> {
    const all = [...this.#everybodyShown()].map(([key, { experience }]) => ({ key, experience }))
    const { items, cursor } = await this.#pageOf(all, page)
    return { items: items.map(({ rank, character }) => ({ rank, character })), cursor }
  }

  async periodBoard(board: PeriodBoard, page: BoardPage): Promise<Page<Placed> | undefined> {
    const { newest, boards } = this.#memory
    const { kind, period } = board
    if (!boards.has(`${kind} ${period}`) || period < newest[kind] - KEPT_PERIODS[kind]) return undefined
    const all = [...this.#everybodyShown()].map(([key]) => ({ key, experience: this.#earnedIn(key, board) }))
    return this.#pageOf(
      all.filter(({ experience }) => experience > 0),
      page,
    )
  }

  /** What counts for the board, by a person's records. */
  #earnedIn(did: Did, { kind, period }: PeriodBoard): number {
    return this.#memory.ledger
      .records(did)
      .filter(([{ collection }, { claimed }]) => collection !== BASELINE && claimed === undefined)
      .filter(([, { at }]) => periodOf(kind, dayOf(at)) === period)
      .reduce((sum, record) => sum + countedBy(kind, record), 0)
  }

  async #pageOf(
    people: { key: Did; experience: number }[],
    { cursor, around, limit }: BoardPage,
  ): Promise<Page<Placed>> {
    const all = ranked(people)
    const readKey = (text: string) => (text.startsWith('did:') ? (text as Did) : undefined)
    const page =
      around === undefined ? boardAfter(all, { cursor, limit }, readKey) : boardAround(all, around, limit)
    const items: Placed[] = []
    for (const { key, rank, experience: earned } of page.places) {
      const character = await this.character(key)
      if (character !== undefined) items.push({ rank, earned, character })
    }
    return { items, cursor: page.cursor }
  }

  async xpHistogram(): Promise<XpCount[]> {
    const groups = Map.groupBy(this.#everybodyShown(), ([, { experience }]) => experience)
    return [...groups]
      .map(([experience, people]) => ({ experience, characters: people.length }))
      .sort((a, b) => b.experience - a.experience)
  }

  async recent(after: string | undefined, limit: number): Promise<Recent> {
    const { log } = this.#memory
    if (after === undefined) return { events: [], position: String(log.length), missed: false, more: false }
    if (!/^\d{1,15}$/.test(after) || Number(after) > log.length) {
      throw new InvalidCursorError('the position is not one of this ledger')
    }
    const from = Number(after)
    const events = log.slice(from, from + limit).flatMap((event, n) => {
      if (event === undefined || this.#shown(event.did) === undefined) return []
      return [{ ...event, position: String(from + n + 1) }]
    })
    return {
      events,
      position: String(Math.min(log.length, from + limit)),
      missed: false,
      more: from + limit < log.length,
    }
  }

  async latest(limit: number): Promise<LedgerEvent[]> {
    return this.#memory.log
      .slice(-limit)
      .toReversed()
      .filter((event) => event !== undefined)
      .filter(({ did }) => this.#shown(did) !== undefined)
  }

  async status(): Promise<StoreStatus> {
    const { ledger, cursor, heartbeat, gaps, reconciliation } = this.#memory
    const people = [...ledger.actors.values()]
    const open = (kind: QuestionKind, due: (at: number) => boolean) =>
      ledger.questions.filter((question) => question.kind === kind && due(question.due)).length
    const openOf = (due: (at: number) => boolean) => ({
      subject: open('subject', due),
      profile: open('profile', due),
      repository: open('repository', due),
      import: open('import', due),
    })
    return {
      cursor: cursor !== undefined && isReached(cursor) ? cursor : undefined,
      heartbeat,
      gaps: gaps.toReversed().slice(0, MAX_GAPS),
      reconciliation: reconciliation && statusOf(reconciliation),
      characters: [...this.#everybodyShown()].length,
      introductions: people.filter((actor) => isWaiting(actor)).length,
      records: ledger.stored.size,
      events: ledger.events.length,
      experience: people.reduce((sum, { experience }) => sum + experience, 0),
      today: todayOf(people),
      waiting: openOf((due) => due === 0),
      postponed: openOf((due) => due > 0),
      bytes: undefined,
      perDay: this.#perDay(),
    }
  }

  #perDay(): StoreStatus['perDay'] {
    const [first, last] = [this.#memory.samples[0], this.#memory.samples.at(-1)]
    if (first === undefined || last === undefined) return undefined
    const span = last.at - first.at
    const events = dailyRate(last.events - first.events, span)
    const networkBytes = dailyRate(last.networkBytes, span)
    if (events === undefined || networkBytes === undefined) return undefined
    return { events, networkBytes, diskBytes: undefined }
  }

  #shown(did: Did): ActorState | undefined {
    const actor = this.#memory.ledger.actor(did)
    return actor?.born && !isHidden(actor) ? actor : undefined
  }

  *#everybodyShown(): Generator<[Did, ActorState]> {
    for (const [did, actor] of this.#memory.ledger.actors)
      if (this.#shown(did) !== undefined) yield [did, actor]
  }
}

function todayOf(people: readonly ActorState[]): StoreStatus['today'] {
  const day = Math.max(0, ...people.map(({ running }) => running.day))
  const counts = people
    .filter(({ running }) => running.day === day)
    .reduce((sum, { running }) => sumOf(sum, running.counts), NO_COUNTS)
  return { day, counts: byReason(counts) }
}

/** Could be seen if somebody had said that they want to be. */
function isWaiting(actor: ActorState): boolean {
  return actor.born && !actor.introduced && !isHidden({ ...actor, introduced: true })
}

/** @throws {InvalidCursorError} if `cursor` is not from `did`'s timeline */
function placeIn(cursor: string, did: Did): number {
  const [place = '', ...owner] = cursor.split(':')
  if (!/^\d{1,9}$/.test(place) || owner.join(':') !== did) {
    throw new InvalidCursorError('the cursor is not one of this timeline')
  }
  return Number(place)
}

function countedBy(kind: BoardKind, [{ collection }, { live, xp, facts }]: [RecordId, RecordState]): number {
  if (kind !== 'described') return xp
  return Number(live && collection === post.collection && facts?.media === 'alt')
}
