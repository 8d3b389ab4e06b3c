import type { Did, Handle, Tid } from '@atcute/lexicons/syntax'
import type { Profile } from '../../atproto/profile.ts'
import type { RecordId } from '../../atproto/uri.ts'
import { BASELINE } from '../baseline.ts'
import { shareOf, type Tally, withCount } from '../days.ts'
import type { Game } from '../game.ts'
import { earned } from '../periods.ts'
import type { Ask } from '../question.ts'
import type { Rulebook } from '../rulebook.ts'
import {
  type ActorChange,
  type ActorState,
  type Cause,
  type Changes,
  type Granted,
  type Known,
  NO_DAYS,
  NO_GRANTS,
  noChanges,
  type Outcome,
  pathOf,
  type RecordState,
  unknownActor,
} from '../state.ts'
import type { Day, DaySpan } from '../time.ts'
import { recount } from './day-tallies.ts'
import { noteGranted } from './note-day.ts'
import { changedStandings, isShown } from './standings.ts'

/** The known state with this batch's changes on top, so later operations see the effects of earlier ones. */
export class Draft {
  readonly changes: Changes
  readonly #known: Known
  readonly #game: Pick<Game, 'appview' | 'rules' | 'former'>
  /** Every change, with what the store has of the person; `undefined` for an unknown one. */
  readonly #begun: { before: ActorState | undefined; change: ActorChange }[] = []
  /** People whom this batch moves to the newest rules. */
  readonly #moved = new Set<Did>()
  /** See `placeAnew`. */
  readonly #placedAnew = new Set<Did>()
  /** New owners of handles in this batch. */
  readonly #owners = new Map<Handle, Did>()

  constructor(known: Known, game: Pick<Game, 'appview' | 'rules' | 'former'>) {
    this.#known = known
    this.#game = game
    this.changes = noChanges()
  }

  count(outcome: Outcome): void {
    this.changes.outcomes[outcome] += 1
  }

  /** Completes the changes by what follows from them as a whole. */
  settle(): Changes {
    for (const { before, change } of this.#begun) {
      const { did } = change.actor
      const anew = this.#placedAnew.has(did)
      // Of what is purged nothing stands any more: the person begins anew.
      const stood = change.purge ? undefined : before
      change.standings = changedStandings(stood, this.daysBefore(did, change), change, { anew })
    }
    return this.changes
  }

  /** Has all standings of a person told, changed or not: in a recompute the store places everybody anew. */
  placeAnew(did: Did): void {
    const actor = this.actor(did)
    if (actor === undefined || !isShown(actor)) return
    this.change(did)
    this.#placedAnew.add(did)
  }

  /** The rules that award this person. */
  rulesOf(did: Did): Rulebook {
    const { rules, former } = this.#game
    // The fast path, nearly always: no move is under way.
    if (former === undefined || this.#moved.has(did) || this.#known.isMoved(did)) return rules
    return former
  }

  /** Has the newest rules award this person from now on. */
  move(did: Did): void {
    this.#moved.add(did)
  }

  /** The part of a person's records that `Touched.parts` asks for, as of now. */
  part(did: Did): [RecordId, RecordState][] {
    const { records } = this.#known.part(did)
    return records.flatMap(([id]) => {
      const state = this.record(id)
      return state === undefined ? [] : [[id, state]]
    })
  }

  /** The days of a part by day; see `RecordsPage.days`. */
  daysOfPart(did: Did): Readonly<DaySpan> | undefined {
    return this.#known.part(did).days
  }

  /** The person as of now; `undefined` for an unknown one. */
  actor(did: Did): Readonly<ActorState> | undefined {
    return this.changes.actors.get(did)?.actor ?? this.#known.actor(did)
  }

  /** The record as of now; `undefined` where it is unknown or purged in this batch. */
  record(id: RecordId): RecordState | undefined {
    return this.#recordOf(this.changes.actors.get(id.did), id)
  }

  /** All records of a person as of now; only for people in `Touched.whole`. */
  *records(did: Did): Generator<[RecordId, RecordState]> {
    const change = this.changes.actors.get(did)
    if (!change?.purge) {
      for (const [id, state] of this.#known.records(did)) {
        if (!change?.records.has(pathOf(id))) yield [id, state]
      }
    }
    if (change) for (const { id, state } of [...change.records.values()]) yield [id, state]
  }

  /** This batch's change of `did`, which the first call creates. */
  change(did: Did): ActorChange {
    const begun = this.changes.actors.get(did)
    if (begun !== undefined) return begun
    const before = this.#known.actor(did)
    const change: ActorChange = {
      purge: false,
      erase: false,
      actor: before === undefined ? unknownActor(did) : { ...before },
      records: new Map(),
      granted: NO_GRANTS,
      days: NO_DAYS,
      events: [],
      standings: [],
      asked: [],
      answered: [],
      postponed: [],
      profile: undefined,
      unnamed: undefined,
    }
    this.changes.actors.set(did, change)
    this.#begun.push({ before, change })
    return change
  }

  /**
   * Stores `state` as the record's, and updates the person's live counts, period sums and tallies of days. `experience` is
   * left alone: only a ledger event (`enter`) changes it.
   */
  put(change: ActorChange, id: RecordId, state: RecordState): void {
    const before = this.#recordOf(change, id)
    const path = pathOf(id)
    // A record created earlier in this batch is still new to the store.
    const created = before === undefined || change.records.get(path)?.created === true
    change.records.set(path, { id, state, created })
    const rules = this.rulesOf(id.did)
    const shares = [shareOf(rules, id.collection, before), shareOf(rules, id.collection, state)] as const
    recount(change, this.daysBefore(id.did, change), ...shares)
    // Neither a baseline nor what a fetched repository brought was earned in a week or month that we watched.
    if (id.collection !== BASELINE) {
      if (before !== undefined) earnedBy(change, before, -before.xp)
      earnedBy(change, state, state.xp)
    }
    const step = Number(state.live) - Number(before?.live ?? false)
    if (step !== 0) change.actor.counts = withCount(change.actor.counts, id.collection, step)
  }

  /** Appends an event of `delta` XP to the ledger. The first one makes the person a character. */
  enter(
    change: ActorChange,
    id: RecordId,
    entry: { at: number; cause: Cause; reason: string; delta: number },
  ): void {
    const { actor } = change
    const at = entry.at - (entry.at % 1000)
    actor.experience += entry.delta
    actor.lastDelta = entry.delta
    // Another host may have witnessed this event before an earlier one.
    actor.updatedAt = Math.max(actor.updatedAt, at)
    change.events.push({
      did: id.did,
      collection: id.collection,
      rkey: id.rkey,
      at,
      cause: entry.cause,
      reason: entry.reason,
      delta: entry.delta,
      experience: actor.experience,
      rules: this.rulesOf(id.did).version,
    })
    if (!actor.born) {
      actor.born = true
      // The AppView is asked after this, so identity events up to now are older than its answer.
      actor.namedAt = Math.max(actor.namedAt, entry.at)
      if (this.#game.appview === 'none') actor.introduced = true
      this.ask(change, { kind: 'profile', did: id.did, ifOpen: 'restart' })
    }
  }

  /** XP that caps have granted for the records of `day`, as of now. */
  granted(did: Did, day: Day): Granted {
    const drafted = this.changes.actors.get(did)?.granted.get(day)
    return drafted ?? this.#grantedBefore(did).get(day) ?? NOTHING_GRANTED
  }

  /** Replaces all grants of a person on these days; only for people of whom they all are loaded. */
  replaceGranted(did: Did, granted: ReadonlyMap<Day, Granted>, { first, last }: Readonly<DaySpan>): void {
    const drafted = this.changes.actors.get(did)?.granted.keys() ?? []
    for (const day of new Set([...this.#grantedBefore(did).keys(), ...drafted, ...granted.keys()])) {
      if (day < first || day > last) continue
      const now = granted.get(day) ?? NOTHING_GRANTED
      if (!isSame(this.granted(did, day), now)) noteGranted(this.change(did), day, now)
    }
  }

  /** Adds a question to the network. A newer question of one kind about a person replaces the older one. */
  ask(change: ActorChange, question: Ask): void {
    if (question.kind !== 'subject') {
      const asked = change.asked.findIndex(({ kind }) => kind === question.kind)
      // A question that this batch asks is not asleep.
      if (asked >= 0 && question.ifOpen === 'wake') return
      if (asked >= 0) change.asked.splice(asked, 1)
    }
    change.asked.push(question)
  }

  /** Stores a person's profile. A handle has one owner at a time, so its former owner loses it. */
  present(change: ActorChange, profile: Profile): void {
    const { handle } = profile
    change.profile = profile
    // A handle lost earlier in this batch was on the profile that this one replaces.
    change.unnamed = undefined
    if (handle === undefined) return
    const { did } = change.actor
    const former = this.#owners.get(handle) ?? this.#known.ownerOf(handle)
    if (former !== undefined && former !== did) this.#unname(this.change(former), handle)
    this.#owners.set(handle, did)
  }

  #unname(former: ActorChange, handle: Handle): void {
    if (former.profile === undefined || former.profile === null) former.unnamed = handle
    else if (former.profile.handle === handle) former.profile = { ...former.profile, handle: undefined }
  }

  /** The days before the running one as the store has them. `change` is the person's, where there is one. */
  daysBefore(did: Did, change = this.changes.actors.get(did)): ReadonlyMap<Day, Tally> {
    return change?.purge ? NO_DAYS : this.#known.days(did)
  }

  #recordOf(change: ActorChange | undefined, id: RecordId): RecordState | undefined {
    if (change === undefined) return this.#known.record(id)
    // Skips building the path for people without other changes in this batch, which is nearly everybody.
    const drafted = change.records.size === 0 ? undefined : change.records.get(pathOf(id))
    if (drafted !== undefined) return drafted.state
    return change.purge ? undefined : this.#known.record(id)
  }

  #grantedBefore(did: Did): ReadonlyMap<Day, Granted> {
    return this.changes.actors.get(did)?.purge ? NO_GRANTS : this.#known.granted(did)
  }
}

const NOTHING_GRANTED: Granted = new Map()

function earnedBy({ actor }: ActorChange, { at, claimed }: RecordState, delta: number): void {
  if (delta !== 0 && claimed === undefined) actor.periods = earned(actor.periods, at, delta)
}

function isSame(a: Granted, b: Granted): boolean {
  return a.size === b.size && [...a].every(([collection, xp]) => b.get(collection) === xp)
}

/** The later of two revisions; TIDs sort as text. */
export function latest(a: Tid | undefined, b: Tid | undefined): Tid | undefined {
  if (a === undefined || b === undefined) return a ?? b
  return a > b ? a : b
}
