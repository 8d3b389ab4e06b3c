// A second, naive reading of the game: plain maps of people and records, no batches, no store, every sum added up when it
// is asked for. It is written from the documented rules (docs/invariants.md) and shares with the program only what tables
// can test, media and points, so that the two can be compared.
import type {
  AccountEvent,
  CommitEvent,
  Did,
  IdentityEvent,
  Micros,
  SyncEvent,
} from '../../src/atproto/event.ts'
import { type RecordId, uriOf } from '../../src/atproto/uri.ts'
import type { Answer, NoAnswer, Operation, Recompute, Wish } from '../../src/game/operation.ts'
import type { Cause, RecordPath } from '../../src/game/state.ts'
import { BASELINE, factsOf, hidesItself, POST, PROFILE, reasonOf } from './judge.ts'
import {
  countsOf,
  experienceOf,
  isBorn,
  type ModelEntry,
  type ModelFacts,
  type ModelPerson,
  type ModelRecord,
  newPerson,
} from './person.ts'

/** The rules by which the model judges. */
export type ModelGame = {
  points: Readonly<Record<string, number>>
  followed: ReadonlySet<string>
  baseline: 'off' | 'posts'
}

const DAY: Micros = 86_400_000_000
/** After so many without an answer a question is given up. */
const TRIES = { subject: 10, profile: 30, doubted: 6, believed: 17 }

export class Model {
  game: ModelGame
  readonly people = new Map<Did, ModelPerson>()
  /** Events from before this may have been forgotten. */
  prunedBefore: Micros = 0
  #group = 0

  constructor(game: ModelGame) {
    this.game = game
  }

  apply(operation: Operation): void {
    this.#group += 1
    switch (operation.kind) {
      case 'commit':
        this.#commit(operation)
        break
      case 'identity':
        this.#identity(operation)
        break
      case 'account':
        this.#account(operation)
        break
      case 'sync':
        this.#sync(operation)
        break
      case 'subject-answer':
        this.#subjectAnswer(operation)
        break
      case 'profile-answer':
        this.#profileAnswer(operation)
        break
      case 'repository-answer':
        this.#repositoryAnswer(operation)
        break
      case 'inactive':
        this.#inactive(operation)
        break
      case 'forget':
        this.#forget(operation)
        break
      case 'unforget':
        this.#unforget(operation)
        break
      case 'look-up':
        if (isBorn(this.person(operation.did))) this.person(operation.did).asksProfile = true
        break
      case 'recompute':
        this.#recompute(operation)
        break
    }
  }

  person(did: Did): ModelPerson {
    return this.people.getOrInsertComputed(did, () => newPerson(did))
  }

  /** Reposts whose post nobody has described yet, so that the network is asked. */
  *openSubjects(): Generator<ModelRecord> {
    for (const { records } of this.people.values()) {
      for (const record of records.values()) if (isOpen(record)) yield record
    }
  }

  #commit({ did, at, rev, op, collection, rkey, record }: CommitEvent): void {
    const person = this.person(did)
    if (person.forgotten || rev <= person.floor) return
    if (collection === PROFILE) this.#ownProfile(person, rev, op === 'delete' ? undefined : record)
    if (!this.game.followed.has(collection)) return
    const id = { did, collection, rkey }
    const path = pathOf(id)
    const before = person.records.get(path)
    if (before !== undefined && rev <= before.rev) return
    if (rev > person.rev) person.rev = rev
    if (op === 'delete') {
      this.#remove(person, before ?? { id, rev, live: false, xp: 0, facts: undefined, at }, rev, at, 'delete')
      return
    }
    const held = before?.live ? before : undefined
    const facts = this.#settled(factsOf(collection, record), held?.facts)
    const reason = reasonOf(collection, facts)
    const xp = this.#points(reason)
    const delta = xp - (held?.xp ?? 0)
    this.#put(person, { id, rev, live: true, xp, facts, at: held?.at ?? at })
    // What is sent anew and changes nothing is no news.
    if (held !== undefined && delta === 0 && op === 'create') return
    this.#enter(person, id, { at, cause: held === undefined ? 'create' : 'update', reason, delta })
  }

  /** What someone's own profile says holds until they say otherwise, whatever anybody else says. */
  #ownProfile(person: ModelPerson, rev: string, record: unknown): void {
    if (person.own !== undefined && rev <= person.own.rev) return
    const optedOut = hidesItself(record)
    // Of people who have done nothing yet only this is worth a note.
    if (!isBorn(person) && person.own === undefined && !optedOut) return
    person.own = { rev, optedOut }
    if (isBorn(person)) person.asksProfile = true
  }

  /** What a reposted post shows, where that can be told without asking. */
  #settled(facts: ModelFacts | undefined, before: ModelFacts | undefined): ModelFacts | undefined {
    if (facts?.subject === undefined) return facts
    const { subject } = facts
    if (this.people.get(subject.did)?.forgotten) return { media: 'text', subject: undefined }
    if (before?.subject !== undefined && uriOf(before.subject) === uriOf(subject)) {
      return { media: before.media, subject }
    }
    const own = this.people.get(subject.did)?.records.get(pathOf(subject))
    return own?.live ? { media: own.facts?.media ?? 'text', subject } : facts
  }

  #identity({ did, at, handle }: IdentityEvent): void {
    const person = this.person(did)
    if (!isBorn(person) || at <= person.named.at) return
    person.named = { at, handle }
    person.profile = undefined
    person.asksProfile = true
  }

  #account({ did, status, time }: AccountEvent): void {
    const known = this.people.get(did)
    if (known === undefined && status === 'active') return
    const person = this.person(did)
    if (time < person.statusTime || (time === person.statusTime && status === person.status)) return
    person.status = status
    person.statusTime = time
    if (status !== 'deleted' || time <= person.purgedTime) return
    person.purgedTime = time
    if (!person.forgotten) this.#purge(person)
  }

  #sync({ did, rev }: SyncEvent): void {
    const person = this.person(did)
    if (isBorn(person) && rev > person.floor) person.asksRepository = true
  }

  #subjectAnswer(answer: Answer & { kind: 'subject-answer' }): void {
    const { did, collection, rkey, rev, at, tries } = answer
    const person = this.person(did)
    const record = person.records.get(pathOf({ did, collection, rkey }))
    if (record?.facts === undefined || record.rev !== rev || !isOpen(record)) return
    const media = this.#settled(record.facts, undefined)?.media ?? answer.media
    if (media === undefined && tries + 1 < TRIES.subject) return
    const facts = { ...record.facts, media: media ?? 'text' }
    const reason = reasonOf(collection, facts)
    const delta = this.#points(reason) - record.xp
    this.#put(person, { ...record, facts, xp: record.xp + delta })
    if (delta !== 0) this.#enter(person, record.id, { at, cause: 'subject', reason, delta })
  }

  #profileAnswer(answer: Answer & { kind: 'profile-answer' }): void {
    const { did, at, profile, optedOut, postsCount, tries } = answer
    const person = this.person(did)
    person.asksProfile = isBorn(person) && tries + 1 < TRIES.profile
    if (!isBorn(person) || profile === undefined) return
    person.answered = { optedOut }
    const { named } = person
    if (tries >= TRIES.believed) named.handle = undefined
    const differs = named.handle !== undefined && named.handle !== profile.handle
    const handle = differs && tries < TRIES.doubted ? undefined : profile.handle
    // A handle is one person's at a time: the latest that was said to have it.
    if (handle !== undefined) this.#takeHandle(handle)
    person.profile = { ...profile, handle }
    if (!differs && handle !== undefined && (person.own === undefined || person.own.optedOut === optedOut))
      person.asksProfile = false
    if (this.game.baseline === 'off' || person.rev === '') return
    const id: RecordId = { did, collection: BASELINE, rkey: 'posts' }
    if (person.records.has(pathOf(id))) return
    const missing = Math.max(0, postsCount - (countsOf(person).get(POST) ?? 0))
    const xp = missing * this.#points('post.text')
    if (xp > 10_000_000_000) return
    const facts = { media: undefined, subject: undefined }
    this.#put(person, { id, rev: person.rev, live: true, xp, facts, at })
    this.#enter(person, id, { at, cause: 'baseline', reason: 'baseline.posts', delta: xp })
  }

  #takeHandle(handle: string): void {
    for (const person of this.people.values()) {
      if (person.profile?.handle === handle) person.profile = { ...person.profile, handle: undefined }
    }
  }

  #repositoryAnswer({ did, rev, at, paths, collections }: Answer & { kind: 'repository-answer' }): void {
    const person = this.person(did)
    person.asksRepository = false
    for (const record of [...person.records.values()]) {
      const { collection } = record.id
      // What is not followed was not looked for, and what is newer than the answer is none of its business.
      if (!record.live || record.rev > rev || !collections.has(collection)) continue
      if (!paths.has(pathOf(record.id) as RecordPath)) this.#remove(person, record, rev, at, 'sync')
    }
  }

  /** Someone who is away is asked about again when they are back; of others the network is asked a few times more. */
  #inactive({ did, question }: NoAnswer): void {
    const person = this.person(did)
    if (person.status === 'active' && question.tries === 13) person.asksRepository = false
  }

  #forget({ did }: Wish & { kind: 'forget' }): void {
    const person = this.person(did)
    this.#purge(person)
    person.forgotten = true
    person.own = undefined
    for (const { records } of this.people.values()) {
      for (const record of records.values()) {
        if (record.facts?.subject?.did === did) record.facts = { ...record.facts, subject: undefined }
      }
    }
  }

  #unforget({ did, floor }: Wish & { kind: 'unforget' }): void {
    const person = this.person(did)
    if (!person.forgotten) return
    person.forgotten = false
    if (floor > person.floor) person.floor = floor
  }

  #recompute({ did, at }: Recompute): void {
    const person = this.person(did)
    for (const record of [...person.records.values()]) {
      if (!record.live || record.id.collection === BASELINE) continue
      const reason = reasonOf(record.id.collection, record.facts)
      const delta = this.#points(reason) - record.xp
      if (delta === 0) continue
      this.#put(person, { ...record, xp: record.xp + delta })
      this.#enter(person, record.id, { at, cause: 'recompute', reason, delta })
    }
  }

  /** A tombstone stays, and exactly what the record had earned is taken back. */
  #remove(person: ModelPerson, record: ModelRecord, rev: string, at: Micros, cause: Cause): void {
    this.#put(person, { id: record.id, rev, live: false, xp: 0, facts: undefined, at })
    if (!record.live) return
    const reason = reasonOf(record.id.collection, record.facts)
    this.#enter(person, record.id, { at, cause, reason, delta: 0 - record.xp })
  }

  /** Nothing is left but how they stand, and up to where nothing comes back. */
  #purge(person: ModelPerson): void {
    const { did, rev, floor, status, statusTime, purgedTime, own } = person
    const kept = { rev, floor: rev > floor ? rev : floor, status, statusTime, purgedTime, own }
    Object.assign(person, newPerson(did), kept)
  }

  #put(person: ModelPerson, record: ModelRecord): void {
    person.records.set(pathOf(record.id), record)
    const day = Math.floor(record.at / DAY)
    if (record.xp !== 0 && record.id.collection !== BASELINE && day > person.latestDay) person.latestDay = day
  }

  #enter(
    person: ModelPerson,
    id: RecordId,
    { at, cause, reason, delta }: { at: Micros; cause: Cause; reason: string; delta: number },
  ): void {
    if (!isBorn(person)) {
      person.asksProfile = true
      person.named = { ...person.named, at: Math.max(person.named.at, at) }
    }
    const before = person.entries.at(-1)?.experience ?? 0
    const entry: ModelEntry = {
      ...{ did: id.did, collection: id.collection, rkey: id.rkey },
      at: at - (at % 1000),
      cause,
      reason,
      delta,
      experience: before + delta,
      group: this.#group,
    }
    person.entries.push(entry)
    // Two ways to reckon the same.
    if (entry.experience !== experienceOf(person))
      throw new Error(`the model's own sums differ for ${id.did}`)
  }

  #points(reason: string): number {
    return this.game.points[reason] ?? 0
  }
}

/** Whether somebody may see this person. */
export function isShown(person: ModelPerson): boolean {
  // Before anybody has said whether they want to be shown, they are not.
  const { optedOut } = person.own ?? person.answered ?? { optedOut: true }
  return isBorn(person) && person.status === 'active' && !person.forgotten && !optedOut
}

function isOpen({ live, facts, id }: ModelRecord): boolean {
  return (
    live &&
    id.collection === 'app.bsky.feed.repost' &&
    facts?.subject !== undefined &&
    facts.media === undefined
  )
}

function pathOf({ collection, rkey }: RecordId): string {
  return `${collection}/${rkey}`
}
