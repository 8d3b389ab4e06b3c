import assert from 'node:assert/strict'
import type { Did, Handle } from '../src/atproto/event.ts'
import type { Profile } from '../src/atproto/profile.ts'
import { type RecordId, uriOf } from '../src/atproto/uri.ts'
import { BASELINE } from '../src/game/baseline.ts'
import { type DayTally, daysOf, type Tally } from '../src/game/days.ts'
import { decide } from '../src/game/decide.ts'
import type { Game } from '../src/game/game.ts'
import type { Operation, RecordsPart } from '../src/game/operation.ts'
import type { Ask, AskedQuestion } from '../src/game/question.ts'
import { startOf } from '../src/game/retries.ts'
import type {
  ActorChange,
  ActorState,
  Changes,
  Granted,
  Known,
  LedgerEvent,
  Outcome,
  RecordState,
  RecordsPage,
} from '../src/game/state.ts'
import { unknownActor } from '../src/game/state.ts'
import { ALL_DAYS, type Day } from '../src/game/time.ts'
import type { OpenQuestion } from '../src/store/export/ledger-copy.ts'
import { reasonOf } from './model/judge.ts'
import { naiveCounts, naiveDays, type ReasonOf, sorted } from './naive-days.ts'

/** The simplest ledger: it puts the changes that `decide` returns into maps. */
export class MemoryLedger implements Known {
  readonly actors = new Map<Did, ActorState>()
  readonly stored = new Map<string, [RecordId, RecordState]>()
  readonly events: LedgerEvent[] = []
  readonly profiles = new Map<Did, Profile>()
  questions: (AskedQuestion & { due: number })[] = []
  readonly grants = new Map<Did, Map<Day, Granted>>()
  /** The parts of people's records that were asked for; see `Touched.parts`. */
  parts: ReadonlyMap<Did, RecordsPart> = new Map()
  /** People whom the newest rules award while there are former ones. */
  readonly moved = new Set<Did>()
  readonly ended = new Map<Did, Map<Day, Tally>>()
  #nextQuestion = 1

  actor(did: Did): ActorState | undefined {
    return this.actors.get(did)
  }

  record(id: RecordId): RecordState | undefined {
    return this.stored.get(uriOf(id))?.[1]
  }

  ownerOf(handle: Handle): Did | undefined {
    return this.profiles.entries().find(([, profile]) => profile.handle === handle)?.[0]
  }

  records(did: Did): [RecordId, RecordState][] {
    return [...this.stored.values()].filter(([id]) => id.did === did)
  }

  part(did: Did): RecordsPage {
    const nothing: RecordsPart = { by: 'key', collections: [], from: undefined, limit: 0 }
    const part = this.parts.get(did) ?? nothing
    if (part.by === 'day') return this.#days(did, part)
    const { collections, from = '', limit } = part
    const left = this.records(did)
      .filter(([id]) => collections.includes(id.collection) && uriOf(id) > from)
      .sort(([a], [b]) => (uriOf(a) < uriOf(b) ? -1 : 1))
    const records = left.slice(0, limit)
    const last = records.at(-1)
    const next = last !== undefined && left.length > limit ? uriOf(last[0]) : undefined
    return { records, days: undefined, next }
  }

  /** One day at a time, the latest first. */
  #days(did: Did, { collections, from = `day/${ALL_DAYS.last}` }: RecordsPart): RecordsPage {
    const last = Number(from.slice('day/'.length))
    const byDay = Map.groupBy(
      this.records(did).filter(([id]) => collections.includes(id.collection)),
      ([, { at, claimed }]) => claimed ?? Math.floor(at / 86_400),
    )
    const [day = 0, before] = [...byDay.keys()].filter((other) => other <= last).sort((a, b) => b - a)
    const first = before === undefined ? 0 : before + 1
    const records = byDay.get(day) ?? []
    return { records, days: { first, last }, next: before === undefined ? undefined : `day/${before}` }
  }

  isMoved(did: Did): boolean {
    return !this.actors.has(did) || this.moved.has(did)
  }

  granted(did: Did): ReadonlyMap<Day, Granted> {
    return this.grants.get(did) ?? new Map()
  }

  days(did: Did): ReadonlyMap<Day, Tally> {
    return this.ended.get(did) ?? new Map()
  }

  /** All days of a person, oldest first, as readers get them. */
  allDays(did: Did): DayTally[] {
    const ended = [...this.days(did)].map(([day, tally]) => ({ day, ...tally }))
    return daysOf(ended, this.actor(did)?.running ?? unknownActor(did).running)
  }

  fold(game: Game, operations: readonly Operation[]): Changes {
    const changes = decide(game, this, operations)
    assertCounted(changes, operations.length)
    this.commit(changes)
    return changes
  }

  commit({ actors }: Pick<Changes, 'actors'>): void {
    for (const [did, change] of actors) {
      if (change.purge) this.#drop(did)
      if (change.erase) this.#erase(did)
      for (const { id, state } of change.records.values()) this.stored.set(uriOf(id), [id, state])
      this.events.push(...change.events)
      const grants = this.grants.getOrInsertComputed(did, () => new Map())
      for (const [day, granted] of change.granted) {
        if (granted.size === 0) grants.delete(day)
        else grants.set(day, granted)
      }
      const ended = this.ended.getOrInsertComputed(did, () => new Map())
      for (const [day, tally] of change.days) {
        if (tally.counts.size === 0) ended.delete(day)
        else ended.set(day, tally)
      }
      this.questions = this.questions.filter(({ id }) => !change.answered.includes(id))
      for (const { question, due } of change.postponed) {
        const open = this.questions.find(({ id }) => id === question.id)
        if (open !== undefined) Object.assign(open, { due, tries: question.tries })
      }
      for (const question of change.asked) this.#ask(question)
      this.#present(did, change)
      if (!this.actors.has(did)) this.moved.add(did)
      this.actors.set(did, change.actor)
    }
  }

  /** Asserts for every person that the sums agree. */
  assertBalanced(reason: ReasonOf = reasonOf): void {
    for (const [did, { experience, periods, earlier, running }] of this.actors) {
      const byRecords = this.records(did).reduce((sum, [, { xp }]) => sum + xp, 0)
      const byEvents = this.events
        .filter((event) => event.did === did)
        .reduce((sum, { delta }) => sum + delta, 0)
      if (byRecords !== experience || byEvents !== experience) {
        throw new Error(`${did}: ${experience} XP, ${byRecords} by records, ${byEvents} by events`)
      }
      assert.deepEqual(this.allDays(did), naiveDays(this.records(did), reason), `days of ${did}`)
      const late = this.days(did)
        .keys()
        .filter((day) => day >= running.day)
      assert.deepEqual([...late], [], `no row of ${did} is of the running day or later`)
      assert.deepEqual(
        sorted(earlier),
        sorted(naiveCounts([...this.days(did).values()])),
        `earlier days of ${did}`,
      )
      const { week, month } = this.#earnedAround(did, periods.day)
      if (periods.week !== week || periods.month !== month) {
        throw new Error(
          `${did}: in the week and month of day ${periods.day} ${periods.week} and ${periods.month} XP, ${week} and ${month} by records`,
        )
      }
    }
  }

  /** By JavaScript's calendar, so that the program's own arithmetic is not compared with itself. */
  #earnedAround(did: Did, day: number): { week: number; month: number } {
    const today = new Date(day * 86_400_000)
    const monday = day - ((today.getUTCDay() + 6) % 7)
    const sums = { week: 0, month: 0 }
    for (const [{ collection }, { at, xp, claimed }] of this.records(did)) {
      if (collection === BASELINE || claimed !== undefined) continue
      const on = at / 86_400
      if (on >= monday && on < monday + 7) sums.week += xp
      if (new Date(at * 1000).toISOString().slice(0, 7) === today.toISOString().slice(0, 7)) sums.month += xp
    }
    return sums
  }

  #present(did: Did, { profile, unnamed }: ActorChange): void {
    if (profile === null) this.profiles.delete(did)
    else if (profile !== undefined) this.profiles.set(did, profile)
    const stored = this.profiles.get(did)
    if (unnamed !== undefined && stored?.handle === unnamed)
      this.profiles.set(did, { ...stored, handle: undefined })
  }

  /** Without those about reposts that were changed or deleted since: there is nothing to ask any more. */
  openQuestions(): (AskedQuestion & { due: number })[] {
    return this.questions.filter((question) => {
      if (question.kind !== 'subject') return true
      const record = this.record(question)
      return record?.live && record.rev === question.rev && record.facts?.subject !== undefined
    })
  }

  restoreQuestion(question: OpenQuestion): void {
    this.questions.push({ ...question, id: String(this.#nextQuestion++) })
  }

  #ask(question: Ask): void {
    const id = String(this.#nextQuestion++)
    if (question.kind === 'subject') {
      this.questions.push({ ...question, id, tries: 0, due: 0 })
      return
    }
    const { kind, did, ifOpen } = question
    const open = this.questions.find((other) => other.kind === kind && other.did === did)
    const start = startOf(ifOpen, open)
    if (start === undefined) return
    this.questions = this.questions.filter((other) => other !== open)
    this.questions.push({ kind, did, id, ...start })
  }

  #drop(did: Did): void {
    this.profiles.delete(did)
    for (const [id] of this.records(did)) this.stored.delete(uriOf(id))
    this.questions = this.questions.filter((question) => question.did !== did)
    this.grants.delete(did)
    this.ended.delete(did)
    for (let i = this.events.length - 1; i >= 0; i--)
      if (this.events[i]?.did === did) this.events.splice(i, 1)
  }

  #erase(did: Did): void {
    for (const [uri, [id, state]] of this.stored) {
      if (state.facts?.subject?.did !== did) continue
      this.stored.set(uri, [id, { ...state, facts: { ...state.facts, subject: undefined } }])
    }
  }
}

const OUTCOMES: readonly Outcome[] = [
  'applied',
  'repeated',
  'unreadable',
  'forgotten',
  'unfollowed',
  'stale',
  'implausible',
]

/** Asserts that exactly one outcome is counted for each operation. */
function assertCounted({ outcomes }: Changes, operations: number): void {
  const counted = OUTCOMES.reduce((sum, outcome) => sum + outcomes[outcome], 0)
  if (counted !== operations || Object.keys(outcomes).length !== OUTCOMES.length) {
    throw new Error(`of ${operations} operations became ${JSON.stringify(outcomes)}`)
  }
}
