// The totals of one shard, in its owner's memory: sums, the XP histogram and the shard's part of the board. They change with
// every batch and are written with it.
import type { Cursor, Did } from '../../../atproto/event.ts'
import type { QuestionKind } from '../../../game/question.ts'
import type { ActorChange, ActorState } from '../../../game/state.ts'
import { NetworkDay } from '../../network-day.ts'
import { PeriodBoards, type StoredBoard } from '../../period-boards.ts'
import { type Reconciliation, readReconciliation, writeReconciliation } from '../../reconciliation.ts'
import type { MovePlace } from '../../rules.ts'
import { NOBODY_LEFT_OUT, TopPlaces } from '../../top.ts'
import { SHOWN, visibilityOf, WAITING } from '../../visibility.ts'
import type { Row } from '../driver/paging.ts'
import type { Session } from '../driver/session.ts'
import { numberOf, textOf } from '../driver/values.ts'
import { readPeriodBoards } from '../reading/period-boards.ts'
import { readCounts, writeCounts } from '../rows/day-row.ts'
import { type Mutation, rowMutation } from '../rows/mutations.ts'
import { periodMutations } from '../rows/period-rows.ts'
import { settledOf } from '../rows/rule-versions.ts'
import { XpHistogram } from './xp-histogram.ts'

/** Characters of one shard that are on the board at most. */
const MAX_PLACES = 500
/** The same for the board of a week or month: those on it write two more rows an event. */
const MAX_PERIOD_PLACES = 250

export type Sums = {
  characters: number
  introductions: number
  records: number
  events: number
  experience: number
}

export type PerQuestion = Record<QuestionKind, number>

type MovedActor = Pick<ActorChange, 'actor' | 'purge' | 'standings'>

/** The rows of a shard's totals; `row` is `undefined` before its first batch. */
export type ShardTotalsRows = {
  shard: number
  row: Row | undefined
  histogram: readonly Row[]
  board: readonly Row[]
  periodBoards: readonly StoredBoard<Did>[]
}

export class ShardTotals {
  readonly shard: number
  readonly sums: Sums
  /** What the shard's people brought on their latest day. */
  readonly today: NetworkDay
  /** Questions that are open, and how many of them were asked before. */
  readonly waiting: PerQuestion
  readonly postponed: PerQuestion
  /** No question of a kind that was never asked has a smaller number: where to begin looking. */
  readonly oldest: PerQuestion
  /** When to look next for questions that were put off under a clock that was ahead, by `performance.now()`. */
  readonly lookBeyondAtMs: PerQuestion = { subject: 0, profile: 0, repository: 0, import: 0 }
  /** No question of a kind that was asked before may be asked again earlier, in seconds since the epoch. */
  readonly nextDue: PerQuestion = { subject: 1, profile: 1, repository: 1, import: 1 }
  /** Nothing waits in the inbox under a smaller name, as a rule; when to look for exceptions, by `performance.now()`. */
  inboxFrom: string
  inboxBelowAtMs = 0
  /** The version of the rules that awards everybody but those who have been moved to the next one; 0 in a new shard. */
  settled: number
  /** Whether no batch has been committed yet. */
  isNew: boolean
  /** Whom the move visited last, and somebody with whose records it has to go on. */
  movedTo: Did | undefined
  movePart: { did: Did; from: string } | undefined
  #moved: number
  #reconciliation: Reconciliation | undefined
  #nextQuestion: number
  #oldestDay: number | undefined
  readonly #histogram: XpHistogram
  readonly #board: TopPlaces<Did>
  readonly #periodBoards: PeriodBoards<Did>
  #changed = false

  constructor({ shard, row, histogram, board, periodBoards }: ShardTotalsRows) {
    this.shard = shard
    this.sums = {
      characters: numberOf(row?.characters),
      introductions: numberOf(row?.introductions),
      records: numberOf(row?.records),
      events: numberOf(row?.events),
      experience: numberOf(row?.experience),
    }
    this.today = new NetworkDay(numberOf(row?.day), readCounts(row?.day_counts))
    this.waiting = perQuestion(row?.waiting)
    this.postponed = perQuestion(row?.postponed)
    this.oldest = perQuestion(row?.oldest)
    this.isNew = row === undefined
    this.settled = row === undefined ? 0 : settledOf(row.settled)
    this.movedTo = textOf<Did>(row?.moved_to)
    const part = textOf(row?.move_part)
    this.movePart = part === undefined ? undefined : JSON.parse(part)
    this.#moved = numberOf(row?.moved)
    this.#reconciliation = readReconciliation(row?.reconciliation)
    this.#nextQuestion = Math.max(1, numberOf(row?.next_question))
    this.inboxFrom = textOf(row?.inbox_from) ?? ''
    this.#oldestDay = row?.oldest_day === null ? undefined : (row?.oldest_day as number | undefined)
    this.#histogram = new XpHistogram(shard, histogram)
    this.#board = new TopPlaces({
      max: MAX_PLACES,
      places: board.map(({ did, experience }): [Did, number] => [did as Did, numberOf(experience)]),
      above: row === undefined ? NOBODY_LEFT_OUT : numberOf(row.board_above),
    })
    this.#periodBoards = new PeriodBoards({
      max: MAX_PERIOD_PLACES,
      boards: periodBoards,
      running: 'amounts',
    })
  }

  /** Adds `step` to the number of records. */
  countRecords(step: number): void {
    this.#changed = true
    this.sums.records += step
  }

  /** Adds `step` to the number of events. */
  countEvents(step: number): void {
    this.#changed = true
    this.sums.events += step
  }

  /** There are events on `day`. */
  noteDay(day: number): void {
    if (this.#oldestDay !== undefined && day >= this.#oldestDay) return
    this.#changed = true
    this.#oldestDay = day
  }

  /** No event of `day` or before is left. */
  dropDay(day: number): void {
    this.#changed = true
    this.#oldestDay = day + 1
  }

  newQuestionNumber(): number {
    this.#changed = true
    return this.#nextQuestion++
  }

  /** A question is open from now on; `due` as in OpenQuestion. */
  openQuestion(kind: QuestionKind, due: number): void {
    this.#changed = true
    this.waiting[kind] += 1
    if (due === 0) return
    this.postponed[kind] += 1
    this.nextDue[kind] = Math.min(this.nextDue[kind], due)
  }

  /** A question is not open any more. */
  closeQuestion(kind: QuestionKind, due: number): void {
    this.#changed = true
    this.waiting[kind] = Math.max(0, this.waiting[kind] - 1)
    if (due > 0) this.postponed[kind] = Math.max(0, this.postponed[kind] - 1)
  }

  /** No events are older than this day; `undefined` while there are none. */
  get oldestDay(): number | undefined {
    return this.#oldestDay
  }

  /** Greater than the numbers of all questions so far. */
  get nextQuestion(): number {
    return this.#nextQuestion
  }

  /** Moves the totals by the change of a character whose state was `before`. */
  move(before: ActorState, { actor: after, purge, standings }: MovedActor): void {
    this.#changed = true
    this.today.move(before, after)
    this.sums.experience += after.experience - before.experience
    this.sums.introductions += waits(after) - waits(before)
    const [had, has] = [shownXp(before), shownXp(after)]
    this.sums.characters += Number(has !== undefined) - Number(had !== undefined)
    if (had !== has) this.#histogram.move(had, has)
    // Also where it has not changed: a recompute places everybody anew.
    this.#board.place(after.did, has)
    if (purge || (had !== undefined && has === undefined)) this.#periodBoards.leave(after.did)
    this.#periodBoards.place(after.did, standings)
  }

  /** The move has come to `after`; `visited` is about how many people that are. */
  moveOn({ after, part, visited }: MovePlace & { visited: number }): void {
    this.#changed = true
    this.movedTo = after ?? this.movedTo
    this.movePart = part
    this.#moved += Math.round(visited)
  }

  /** How far the shard's people are compared with their repositories. */
  get reconciliation(): Reconciliation | undefined {
    return this.#reconciliation
  }

  set reconciliation(reconciliation: Reconciliation) {
    this.#changed = true
    this.#reconciliation = reconciliation
  }

  /** `version` awards everybody from now on. */
  settle(version: number): void {
    this.#changed = true
    this.settled = version
    this.movedTo = undefined
    this.movePart = undefined
    this.#moved = 0
  }

  /**
   * Drops all places on all boards, for a recompute, which places everybody anew. By rules that award less nobody might reach
   * the end of a board any more, and it would stay empty.
   */
  clearBoards(): void {
    this.#board.refill([])
    this.#periodBoards.clear()
  }

  /** Whether anything has changed since the last batch. */
  get changed(): boolean {
    return this.#changed
  }

  /** Writes the sums as of batch `seq`, with its cursor, and the other totals that have changed since the batch before. */
  mutations({ seq, cursor }: { seq: number; cursor: Cursor | undefined }): Mutation[] {
    const moved = this.#board.takeChanges()
    const { shard, sums, waiting, postponed, oldest, nextQuestion, oldestDay } = this
    const { characters, introductions, records, events, experience } = sums
    const { host = null, wire = null, value = null, at = null } = cursor ?? {}
    const mutations: Mutation[] = [
      rowMutation('books', {
        shard,
        seq,
        host,
        wire,
        value,
        at,
        characters,
        records,
        events,
        experience,
        next_question: nextQuestion,
        oldest_day: oldestDay ?? null,
        board_above: this.#board.above,
        waiting: { ...waiting },
        oldest: { ...oldest },
        introductions,
        postponed: { ...postponed },
        inbox_from: this.inboxFrom,
        day: this.today.day,
        day_counts: writeCounts(this.today.counts),
        settled: this.settled,
        moved_to: this.movedTo ?? null,
        move_part: this.movePart === undefined ? null : JSON.stringify(this.movePart),
        moved: this.#moved,
        reconciliation: writeReconciliation(this.#reconciliation),
      }),
    ]
    mutations.push(...this.#histogram.takeMutations())
    for (const [did, xp] of moved) {
      mutations.push(
        xp === undefined ? ['dropBoard', shard, did] : rowMutation('board', { shard, did, experience: xp }),
      )
    }
    mutations.push(...periodMutations(shard, this.#periodBoards.takeChanges()))
    this.#changed = false
    this.isNew = false
    return mutations
  }
}

/** Reads the totals of `shard` as its last owner left them. */
export async function readShardTotals(session: Session, shard: number): Promise<ShardTotals> {
  const read = (query: string) => session.readForDecision(query, [shard])
  const [[row], histogram, board, periodBoards] = await Promise.all([
    read('SELECT * FROM books WHERE shard = ?'),
    read('SELECT experience, characters FROM standings WHERE shard = ?'),
    read('SELECT did, experience FROM board WHERE shard = ?'),
    readPeriodBoards(session, shard),
  ])
  return new ShardTotals({ shard, row, histogram, board, periodBoards })
}

function shownXp(actor: ActorState): number | undefined {
  return visibilityOf(actor) === SHOWN ? actor.experience : undefined
}

function waits(actor: ActorState): number {
  return Number(visibilityOf(actor) === WAITING)
}

export function perQuestion(value: unknown): PerQuestion {
  const counts = (value ?? {}) as Record<string, unknown>
  return {
    subject: numberOf(counts.subject),
    profile: numberOf(counts.profile),
    repository: numberOf(counts.repository),
    import: numberOf(counts.import),
  }
}
