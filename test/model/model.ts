// A second, naive implementation of the game: plain maps of people and records, no batches, no store, every sum added up when
// it is needed. It is written from the documented rules (docs/invariants.md) and shares with the program only what tables
// can test, media and points, so that the two can be compared.
import { isDeepStrictEqual } from 'node:util'
import { isTid } from '@atcute/lexicons/syntax'
import { parse } from '@atcute/tid'
import type {
  AccountEvent,
  CommitEvent,
  Did,
  IdentityEvent,
  Micros,
  SyncEvent,
} from '../../src/atproto/event.ts'
import { type RecordId, uriOf } from '../../src/atproto/uri.ts'
import type {
  Absent,
  Answer,
  Import,
  NoAnswer,
  Operation,
  Recompute,
  Wish,
} from '../../src/game/operation.ts'
import type { Cause } from '../../src/game/state.ts'
import type { DaySpan } from '../../src/game/time.ts'
import type { Expiry } from '../../src/store/expired.ts'
import { BASELINE, factsOf, hidesItself, type ModelFacts, POST, PROFILE, reasonOf } from './judge.ts'
import {
  countsOf,
  DAY,
  experienceOf,
  isBorn,
  isErased,
  isImportable,
  type ModelEntry,
  type ModelPerson,
  type ModelRecord,
  newPerson,
} from './person.ts'

/** The rules by which the model judges. */
export type ModelGame = {
  points: Readonly<Record<string, number>>
  /** Caps: by collection, the most XP that a person is granted for the records of one day. */
  caps: Readonly<Record<string, number>>
  followed: ReadonlySet<string>
  baseline: 'off' | 'posts'
  /** Which of the ledger's rules these are. */
  version: number
}

/** Whole days of a person's records of these collections. */
export type ModelDays = { days: DaySpan; collections: readonly string[] }

/** Entries of some records; see `RecordsPart.by`. */
export type ModelEntries = { by: 'key' | 'day'; entries: readonly (RecordId & { delta: number })[] }

/** Tries without an answer after which a question is given up. */
const TRIES = { subject: 10, profile: 30, doubted: 6, believed: 17 }

export class Model {
  game: ModelGame
  /** While people are moved to `game`: the rules that still award those in `unmoved`. */
  former: ModelGame | undefined
  unmoved: ReadonlySet<Did> = new Set()
  readonly people = new Map<Did, ModelPerson>()
  /** For `differences`, which knows no single prunes: the store may have pruned events from before this time. */
  prunedBefore: Micros = 0
  /** How many entries were ever old when the store was pruned, those of people who were purged since included. */
  everOld = 0
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
        this.person(operation.did).asksRepository = false
        break
      case 'absent':
        this.#absent(operation)
        break
      case 'import-records':
        this.#importRecords(operation)
        break
      case 'import-head':
        this.#importHead(operation)
        break
      case 'import-end':
        this.#importEnd(operation)
        break
      case 'import':
        if (isImportable(this.person(operation.did))) this.person(operation.did).asksImport = true
        break
      case 'cancel-import':
        this.person(operation.did).asksImport = false
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
      case 'hide':
        if (this.person(operation.did).asked === undefined) this.person(operation.did).asked = 'hide'
        break
      case 'leave':
        this.#leave(operation)
        break
      case 'return':
        this.#return(operation)
        break
      case 'look-up':
        if (isBorn(this.person(operation.did))) this.person(operation.did).asksProfile = true
        break
      case 'recompute':
        this.#recompute(operation)
        break
      case 'follow':
        if (this.isKnown(operation.did)) this.person(operation.did).unfollowed = !operation.followed
        break
    }
  }

  /**
   * A person's records are judged by the newest rules: all of them, all of these days, or just those of which these entries are.
   * What the last of them say is believed for the time being where they are of days that are to be judged as a whole.
   */
  move(did: Did, at: Micros, scope: 'whole' | ModelDays | ModelEntries): void {
    this.#group += 1
    this.unmoved = this.unmoved.difference(new Set([did]))
    if (scope === 'whole') {
      this.#recompute({ kind: 'recompute', did, at })
      return
    }
    const person = this.person(did)
    if ('days' in scope) {
      const { first, last } = scope.days
      const isWithin = (day: number): boolean => day >= first && day <= last
      person.grants = person.grants.filter(({ day }) => !isWithin(day))
      this.#judgeAnew(
        person,
        at,
        ({ id, at: witnessed, claimed }) =>
          scope.collections.includes(id.collection) && isWithin(claimed ?? Math.floor(witnessed / DAY)),
      )
      return
    }
    for (const { collection, rkey, delta } of scope.entries) {
      const id = { did, collection, rkey }
      const record = person.records.get(pathOf(id))
      if (record === undefined) throw new Error(`${did} has no record ${pathOf(id)}`)
      const reason = reasonOf(id.collection, record.facts)
      const xp = scope.by === 'day' ? record.xp + delta : this.#points(person, reason)
      this.#put(person, { ...record, xp })
      this.#enter(person, id, { at, cause: 'recompute', reason, delta: xp - record.xp })
    }
  }

  /**
   * Notes which entries the store may prune: those that are old, and as long as old ones outnumber them, those from a time to
   * come beside them. It never prunes the others. Which of these it has reached depends on the order in which it entered them.
   */
  prune({ before, now }: Expiry): void {
    for (const entry of this.people.values().flatMap(({ entries }) => entries)) {
      if (entry.at < before && entry.expired !== 'old') {
        entry.expired = 'old'
        this.everOld += 1
      } else if (entry.at > now) entry.expired ??= 'future'
    }
  }

  /** Asserts that all records count for what the newest rules say, where no cap is involved. */
  assertMoved(): void {
    for (const { did, records } of this.people.values()) {
      for (const { id, live, xp, facts } of records.values()) {
        if (!live || id.collection === BASELINE || this.game.caps[id.collection] !== undefined) continue
        const expected = this.game.points[reasonOf(id.collection, facts)] ?? 0
        if (xp !== expected) throw new Error(`${did}/${pathOf(id)} counts for ${xp} XP, not ${expected}`)
      }
    }
  }

  person(did: Did): ModelPerson {
    return this.people.getOrInsertComputed(did, () => newPerson(did))
  }

  /** Whether anything is to be stored of a person. */
  isKnown(did: Did): boolean {
    return !isDeepStrictEqual(this.person(did), newPerson(did))
  }

  /** Reposts of unknown posts, about which the network is asked. */
  *openSubjects(): Generator<ModelRecord> {
    for (const { records } of this.people.values()) {
      for (const record of records.values()) if (isOpen(record)) yield record
    }
  }

  #commit({ did, at, rev, op, collection, rkey, record }: CommitEvent): void {
    const person = this.person(did)
    if (isErased(person) || rev <= person.floor) return
    if (collection === PROFILE) this.#ownProfile(person, rev, op === 'delete' ? undefined : record)
    if (!this.game.followed.has(collection)) return
    const id = { did, collection, rkey }
    const path = pathOf(id)
    const before = person.records.get(path)
    // All that the imported repository had is known, and anything else that was written by then was gone again.
    if (op !== 'delete' && rev <= person.head) return
    if (rev > person.rev) person.rev = rev
    if (before !== undefined && rev <= before.rev) return
    if (op === 'delete') {
      const unseen = { id, rev, live: false, xp: 0, facts: undefined, at, claimed: undefined }
      this.#remove(person, before ?? unseen, rev, at, 'delete')
      return
    }
    const current = before?.live ? before : undefined
    const facts = this.#settled(factsOf(collection, record), current?.facts)
    const reason = reasonOf(collection, facts)
    const witnessed = current?.at ?? at
    const claimed = current?.claimed
    const delta = this.#granted(
      person,
      { id, claimed },
      witnessed,
      this.#points(person, reason) - (current?.xp ?? 0),
    )
    this.#put(person, { id, rev, live: true, xp: (current?.xp ?? 0) + delta, facts, at: witnessed, claimed })
    // What is sent anew and changes nothing is no news.
    if (current !== undefined && delta === 0 && op === 'create') return
    this.#enter(person, id, { at, cause: current === undefined ? 'create' : 'update', reason, delta })
  }

  /** A person's own profile record counts until their next one, whatever anybody else says. */
  #ownProfile(person: ModelPerson, rev: string, record: unknown): void {
    if (person.own !== undefined && rev <= person.own.rev) return
    const optedOut = hidesItself(record)
    // Of people who have done nothing yet only this is worth a note.
    if (!isBorn(person) && person.own === undefined && !optedOut) return
    person.own = { rev, optedOut }
    if (isBorn(person)) person.asksProfile = true
  }

  /** What a reposted post shows, if the model knows it without asking. */
  #settled(facts: ModelFacts | undefined, before: ModelFacts | undefined): ModelFacts | undefined {
    if (facts?.subject === undefined) return facts
    const { subject } = facts
    const named = this.people.get(subject.did)
    if (named !== undefined && isErased(named)) return { media: 'text', subject: undefined }
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
    const person = this.person(did)
    // No news of somebody who has done nothing and was never away.
    if (status === 'active' && !isBorn(person) && person.statusTime === 0) return
    if (time < person.statusTime || (time === person.statusTime && status === person.status)) return
    person.status = status
    person.statusTime = time
    if (status !== 'deleted' || time <= person.purgedTime) return
    person.purgedTime = time
    if (!isErased(person)) this.#purge(person)
  }

  #sync({ did, rev }: SyncEvent): void {
    const person = this.person(did)
    if (isBorn(person) && rev > person.floor && rev > person.head) person.asksRepository = true
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
    const delta = this.#granted(person, record, record.at, this.#points(person, reason) - record.xp)
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
    if (this.game.baseline === 'off' || person.rev === '' || person.head !== '') return
    const id = baselineOf(did)
    if (person.records.has(pathOf(id))) return
    const missing = Math.max(0, postsCount - (countsOf(person).get(POST) ?? 0))
    const xp = missing * this.#points(person, 'post.text')
    if (xp > 10_000_000_000) return
    const facts = { media: undefined, subject: undefined }
    this.#put(person, { id, rev: person.rev, live: true, xp, facts, at, claimed: undefined })
    this.#enter(person, id, { at, cause: 'baseline', reason: 'baseline.posts', delta: xp })
  }

  #takeHandle(handle: string): void {
    for (const person of this.people.values()) {
      if (person.profile?.handle === handle) person.profile = { ...person.profile, handle: undefined }
    }
  }

  #absent({ did, rev, at, records }: Absent): void {
    const person = this.person(did)
    for (const id of records) {
      const record = person.records.get(pathOf(id))
      // What is newer than the answer is none of its business.
      if (record?.live && record.rev <= rev) this.#remove(person, record, rev, at, 'sync')
    }
  }

  /** What the ledger has otherwise, or not, is written as of that revision; the rest takes it, and stays as it is. */
  #importRecords({ did, rev, at, since, records }: Import & { kind: 'import-records' }): void {
    const person = this.person(did)
    if (!this.#takesImport(person, rev)) return
    let posts = 0
    const baseline = person.records.get(pathOf(baselineOf(did)))
    for (const { collection, rkey, facts: read, claimed } of records) {
      if (!this.game.followed.has(collection)) continue
      const id = { did, collection, rkey }
      const before = person.records.get(pathOf(id))
      if (before !== undefined && before.rev >= rev) continue
      const current = before?.live ? before : undefined
      // What is from before the floor was to be forgotten.
      const made = isTid(rkey) ? parse(rkey).timestamp : claimed * DAY
      const lowest = person.floor === '' ? -1 : parse(person.floor).timestamp
      const isOld = isTid(rkey) ? made <= lowest : Math.floor(made / DAY) <= Math.floor(lowest / DAY)
      if (current === undefined && person.floor !== '' && isOld) continue
      // Of a reconciliation, what the ledger lacks is new only if it was made since.
      const began = since === undefined ? -1 : parse(since).timestamp
      const isFromBefore = isTid(rkey) ? made <= began : Math.floor(made / DAY) < Math.floor(began / DAY)
      if (before === undefined && since !== undefined && isFromBefore) continue
      const facts = this.#settled(read && { media: read.media, subject: read.subject }, current?.facts)
      if (current !== undefined && JSON.stringify(current.facts) === JSON.stringify(facts)) {
        this.#put(person, { ...current, rev })
        continue
      }
      const counts = current === undefined ? claimed : current.claimed
      const reason = reasonOf(collection, facts)
      const witnessed = current?.at ?? at
      const worth = this.#points(person, reason) - (current?.xp ?? 0)
      const delta = this.#granted(person, { id, claimed: counts }, witnessed, worth)
      const xp = (current?.xp ?? 0) + delta
      this.#put(person, { id, rev, live: true, xp, facts, at: witnessed, claimed: counts })
      if (current === undefined || delta !== 0)
        this.#enter(person, id, { at, cause: 'import', reason, delta })
      if (current !== undefined || collection !== POST || baseline === undefined) continue
      // The baseline has counted what was made before it, and nothing else.
      const wasCounted = isTid(rkey)
        ? Math.floor(made / 1e6) <= Math.floor(baseline.at / 1e6)
        : claimed <= Math.floor(baseline.at / DAY)
      if (wasCounted) posts += 1
    }
    if (posts > 0) this.#takeFromBaseline(person, posts * this.#points(person, 'post.text'), at, rev)
  }

  #importHead({ did, rev, at }: Import & { kind: 'import-head' }): void {
    const person = this.person(did)
    if (!this.#takesImport(person, rev)) return
    this.#takeFromBaseline(person, Number.POSITIVE_INFINITY, at, rev)
    person.head = rev
  }

  #importEnd({ did, at, brought }: Import & { kind: 'import-end' }): void {
    const person = this.person(did)
    person.asksImport = false
    if (brought === undefined || brought.records === 0 || !isBorn(person) || !isImportable(person)) return
    const rkey = `${brought.rev}:${brought.records}:${brought.experience}`
    const id = { did, collection: 'app.bskyrpg.import' as const, rkey }
    this.#enter(person, id, { at, cause: 'import', reason: 'import.history', delta: 0 })
  }

  #takesImport(person: ModelPerson, rev: string): boolean {
    return isImportable(person) && rev > person.floor && rev >= person.head
  }

  /** Imported posts are no longer among those that are counted without being known. */
  #takeFromBaseline(person: ModelPerson, experience: number, at: Micros, rev: string): void {
    const id = baselineOf(person.did)
    const before = person.records.get(pathOf(id))
    if (!before?.live) return
    const xp = Math.max(0, before.xp - experience)
    const live = Number.isFinite(experience)
    this.#put(person, { ...before, xp, live, rev: live ? before.rev : rev })
    if (live && xp === before.xp) return
    this.#enter(person, id, { at, cause: 'import', reason: 'baseline.posts', delta: xp - before.xp })
  }

  /** The model asks about a person who is away again when they are back, and about others a few times more. */
  #inactive({ did, question }: NoAnswer): void {
    const person = this.person(did)
    if (person.status === 'active' && question.tries === 13) person.asksRepository = false
  }

  #forget({ did }: Wish & { kind: 'forget' }): void {
    this.#erase(did).forgotten = true
  }

  #leave({ did }: Wish & { kind: 'leave' }): void {
    this.#erase(did).asked = 'leave'
  }

  /** Takes back what the person asked for, and nothing that the operator was asked for. */
  #return({ did, floor }: Wish & { kind: 'return' }): void {
    const person = this.person(did)
    if (person.asked === 'leave' && floor > person.floor) person.floor = floor
    person.asked = undefined
  }

  /** Deletes everything about a person, and where others name them. */
  #erase(did: Did): ModelPerson {
    const person = this.person(did)
    this.#purge(person)
    person.own = undefined
    for (const { records } of this.people.values()) {
      for (const record of records.values()) {
        if (record.facts?.subject?.did === did) record.facts = { ...record.facts, subject: undefined }
      }
    }
    return person
  }

  #unforget({ did, floor }: Wish & { kind: 'unforget' }): void {
    const person = this.person(did)
    if (!person.forgotten) return
    person.forgotten = false
    if (floor > person.floor) person.floor = floor
  }

  /** Judges the stored records anew, one after the other, as if these rules had been in force from the start. */
  #recompute({ did, at }: Recompute): void {
    const person = this.person(did)
    person.grants = []
    this.#judgeAnew(person, at, ({ id }) => id.collection !== BASELINE)
  }

  #judgeAnew(person: ModelPerson, at: Micros, isMeant: (record: ModelRecord) => boolean): void {
    const records = [...person.records.values()].filter(isMeant)
    for (const record of records.sort(byFirstWitness)) {
      const reason = reasonOf(record.id.collection, record.facts)
      const xp = this.#granted(person, record, record.at, this.#points(person, reason))
      const delta = xp - record.xp
      // Of those that are gone only their part of the cap counts.
      if (!record.live || delta === 0) continue
      this.#put(person, { ...record, xp })
      this.#enter(person, record.id, { at, cause: 'recompute', reason, delta })
    }
  }

  /** The part of `wanted` that the cap leaves to a record first witnessed at `at`. Lost XP frees no room under the cap. */
  #granted(
    person: ModelPerson,
    { id: { collection }, claimed }: Pick<ModelRecord, 'id' | 'claimed'>,
    at: Micros,
    wanted: number,
  ): number {
    const cap = this.#gameOf(person.did).caps[collection]
    // What an import brought was witnessed on no day.
    if (cap === undefined || wanted <= 0 || claimed !== undefined) return wanted
    const day = Math.floor(at / DAY)
    const before = person.grants.filter((grant) => grant.day === day && grant.collection === collection)
    const xp = Math.min(wanted, Math.max(0, cap - before.reduce((sum, grant) => sum + grant.xp, 0)))
    person.grants.push({ day, collection, xp })
    return xp
  }

  /** Takes back exactly the record's XP, and leaves a tombstone. */
  #remove(person: ModelPerson, record: ModelRecord, rev: string, at: Micros, cause: Cause): void {
    // What it showed, and when it was first seen, is kept for the sake of caps; whom it named is not.
    const facts = record.facts && { media: record.facts.media, subject: undefined }
    this.#put(person, { ...record, rev, live: false, xp: 0, facts })
    if (!record.live) return
    const reason = reasonOf(record.id.collection, record.facts)
    this.#enter(person, record.id, { at, cause, reason, delta: 0 - record.xp })
  }

  /** Deletes everything about a person but their status and the floor. */
  #purge(person: ModelPerson): void {
    const { did, rev, floor, head, status, statusTime, purgedTime, own, asked, unfollowed } = person
    const [lowest = ''] = [rev, floor, head].sort().reverse()
    const kept = { rev, floor: lowest, status, statusTime, purgedTime, own, asked, unfollowed }
    Object.assign(person, newPerson(did), kept)
  }

  #put(person: ModelPerson, record: ModelRecord): void {
    person.records.set(pathOf(record.id), record)
    const day = Math.floor(record.at / DAY)
    if (record.id.collection === BASELINE || record.claimed !== undefined) return
    if (record.xp !== 0 && day > person.latestDay) person.latestDay = day
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
      rules: this.#gameOf(person.did).version,
      group: this.#group,
      expired: undefined,
    }
    person.entries.push(entry)
    // Two ways to reckon the same.
    if (entry.experience !== experienceOf(person))
      throw new Error(`the model's own sums differ for ${id.did}`)
  }

  #points({ did }: ModelPerson, reason: string): number {
    return this.#gameOf(did).points[reason] ?? 0
  }

  /** The rules that award a person. */
  #gameOf(did: Did): ModelGame {
    return this.former !== undefined && this.unmoved.has(did) ? this.former : this.game
  }
}

/** Whether this person is shown. */
export function isShown(person: ModelPerson): boolean {
  // Before anybody has said whether they want to be shown, they are not.
  const { optedOut } = person.own ?? person.answered ?? { optedOut: true }
  const { status, forgotten, asked, unfollowed } = person
  const isWanted = !forgotten && asked === undefined && !unfollowed && !optedOut
  return isBorn(person) && status === 'active' && isWanted
}

/** Orders records by witness second, then by key, which mostly has the time at which the record was made. */
function byFirstWitness(a: ModelRecord, b: ModelRecord): number {
  const seconds = Math.floor(a.at / 1_000_000) - Math.floor(b.at / 1_000_000)
  if (seconds !== 0) return seconds
  return a.id.rkey < b.id.rkey ? -1 : 1
}

function isOpen({ live, facts, id }: ModelRecord): boolean {
  return (
    live &&
    id.collection === 'app.bsky.feed.repost' &&
    facts?.subject !== undefined &&
    facts.media === undefined
  )
}

function baselineOf(did: Did): RecordId {
  return { did, collection: BASELINE, rkey: 'posts' }
}

function pathOf({ collection, rkey }: RecordId): string {
  return `${collection}/${rkey}`
}
