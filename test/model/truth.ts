import { createRaw } from '@atcute/tid'
import type { Did, Micros } from '../../src/atproto/event.ts'
import { uriOf } from '../../src/atproto/uri.ts'
import type { Operation } from '../../src/game/operation.ts'
import { pathOf } from '../../src/game/state.ts'
import type { Simulator } from '../../src/simulator/simulator.ts'
import { newestSent } from '../e2e/harness.ts'
import type { Model } from './model.ts'

/** The try after which an unknown post counts as text for good; before, it counts as text, too. */
const LAST_TRY = 9

/** Feeds a model everything that a simulator has sent, and answers its questions as the network would. */
export class Truth {
  readonly model: Model
  readonly #simulator: Simulator
  /** The number of the archive's entries that the model has seen. */
  #seen = 0
  #listed: ReadonlySet<Did> | undefined

  constructor(model: Model, simulator: Simulator) {
    this.model = model
    this.#simulator = simulator
  }

  /** Who is followed; `undefined` for everybody. */
  get listed(): ReadonlySet<Did> | undefined {
    return this.#listed
  }

  /**
   * Follows only `listed`, or everybody again, from `reached` in the stream on. Events of other people up to there are missed
   * for good. A program that follows everybody again gets all later events, and the event at `reached`, too, since a place
   * names the first event that is sent.
   */
  follow(listed: ReadonlySet<Did> | undefined, reached: number): void {
    this.#see(reached - 1)
    this.#listed = listed
    for (const did of this.model.people.keys()) {
      this.model.apply({ kind: 'follow', did, at: this.now, followed: listed?.has(did) ?? true })
    }
  }

  /** Applies everything that was sent so far, and the network's answers. */
  catchUp(): void {
    this.#see(
      this.#listed === undefined ? Number.POSITIVE_INFINITY : newestSent(this.#simulator, this.#listed),
    )
    for (const answer of this.#answers()) this.model.apply(answer)
  }

  /** Applies `operation` after everything that was sent so far. */
  add(operation: Operation): void {
    this.catchUp()
    this.model.apply(operation)
  }

  /** Applies the followed events up to the sequence number `until`. */
  #see(until: number): void {
    const { entries } = this.#simulator.archive
    for (;;) {
      const entry = entries[this.#seen]
      if (entry === undefined || entry.seq > until) return
      this.#seen += 1
      if (this.#listed?.has(entry.event.did) ?? true) this.model.apply(entry.event)
    }
  }

  get now(): Micros {
    return this.#simulator.network.now
  }

  *#answers(): Generator<Operation> {
    const { network } = this.#simulator
    const about = { question: '', at: this.now }
    for (const { id, rev, facts } of [...this.model.openSubjects()]) {
      const subject = facts?.subject
      if (subject === undefined) continue
      const media = network.subjectMedia(uriOf(subject))
      yield { kind: 'subject-answer', ...about, tries: LAST_TRY, ...id, rev, subject, media }
    }
    for (const { did, asksProfile, asksRepository } of [...this.model.people.values()]) {
      const person = network.person(did)
      if (person === undefined) continue
      if (asksRepository && person.status !== 'deleted') {
        const rev = createRaw(person.revMicros, person.index % 1024)
        const records = [...this.model.person(did).records.values()]
          .map(({ id }) => id)
          .filter((id) => this.model.game.followed.has(id.collection) && !person.records.has(pathOf(id)))
        yield { kind: 'absent', at: this.now, did, rev, records }
        yield { kind: 'repository-answer', ...about, did }
      }
      if (asksProfile && person.status === 'active') {
        const { handle, displayName, shy: optedOut } = person
        const profile = { handle, displayName, avatar: undefined, asked: this.now }
        yield { kind: 'profile-answer', ...about, tries: 0, did, profile, optedOut, postsCount: 0 }
      }
    }
  }
}
