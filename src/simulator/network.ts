// A small network of its own: people who post, like, repost, change their minds and leave, the same for the same seed.
// It has no clock and does no I/O; servers that show it to the world are beside it.

import type { Did, Nsid } from '@atcute/lexicons/syntax'
import { createRaw } from '@atcute/tid'
import type { AccountStatus, CommitEvent, Micros, StreamEvent } from '../atproto/event.ts'
import type { JsonObject } from '../atproto/json.ts'
import { parseUri, type RecordId, uriOf } from '../atproto/uri.ts'
import { type Media, mediaOf } from '../game/media.ts'
import { pathOf, type RecordPath } from '../game/state.ts'
import { DAY_MICROS } from '../game/time.ts'
import { Elsewhere } from './elsewhere.ts'
import { cid, described, embedOf, sentence } from './embeds.ts'
import { type Person, people } from './people.ts'
import { Random } from './random.ts'

export type NetworkOptions = {
  seed: number
  /** How many people there are. */
  actors: number
  /** When the first thing happens. */
  start: Micros
  /** Time between two happenings. */
  step: Micros
  /** `feed` leaves out what happens to accounts; `everything` has it all. */
  mix: 'feed' | 'everything'
  /**
   * Posts that were reposted stay for the AppView as they were, whatever becomes of them, and are not edited: so that what
   * a repost earns does not depend on when the AppView is asked. @default false
   */
  lasting?: boolean
  /** Who has more records deletes the oldest, so that a network can live for long. @default no limit */
  recordsPerPerson?: number
  /** Above this many records, each person who acts deletes their oldest. @default no limit */
  records?: number
}

/**
 * A post is not reposted before that many happenings since its last change, and not changed for as many after it was
 * reposted, nor its author: so that what a repost earns does not depend on how servers interleave different people.
 */
const SETTLED = 500
/** How far back people change their minds, in records. */
const RECENT = 8
/** Posts that may be reposted; older ones make room. */
const POOL = 3_000

/** At most one in so many is away at a time, so that there is always somebody to act. */
const AWAY = 5
/** How often to draw lots before the first who is there acts. */
const DRAWS = 100

const POST: Nsid = 'app.bsky.feed.post'
const LIKE: Nsid = 'app.bsky.feed.like'
const REPOST: Nsid = 'app.bsky.feed.repost'

type Pooled = { id: RecordId; author: Person; changed: number }

/** Everything that there is, and what happens next. */
export class Network {
  readonly people: readonly Person[]
  readonly #options: NetworkOptions
  readonly #random: Random
  readonly #byDid = new Map<Did, Person>()
  readonly #elsewhere: Elsewhere
  readonly #pool: Pooled[] = []
  /** Posts as they were when they were reposted, where those last. */
  readonly #lasting = new Map<string, JsonObject>()
  #happened = 0
  /** How many records there are. */
  #records = 0

  constructor(options: NetworkOptions) {
    this.#options = options
    this.#random = new Random(options.seed)
    this.people = people(options.actors, options.seed)
    for (const person of this.people) this.#byDid.set(person.did, person)
    this.#elsewhere = new Elsewhere(options.start, this.#random)
  }

  /** The time of the next happening. */
  get now(): Micros {
    return this.#options.start + this.#happened * this.#options.step
  }

  /** How many records everybody has together. */
  get records(): number {
    return this.#records
  }

  /** How much has happened. */
  get happened(): number {
    return this.#happened
  }

  /** From now on, things happen at `now` and later, `step` apart. */
  moveTo(now: Micros, step: Micros): void {
    this.#options.step = step
    this.#options.start = now - this.#happened * step
  }

  /** What happens next: mostly one operation, sometimes several of one commit. */
  next(): StreamEvent[] {
    const at = this.now
    this.#happened += 1
    const person = this.#someone()
    return [...this.#happen(person, at), ...this.#tidyUp(person, at)]
  }

  #happen(person: Person, at: Micros): StreamEvent[] {
    const what = this.#random.next()
    if (what < 0.7) return [this.#like(person, at)]
    if (what < 0.85) return this.#post(person, at)
    if (what < 0.95) return [this.#repost(person, at)]
    if (what < 0.98) return this.#remove(person, at)
    if (what < 0.985) return this.#edit(person, at)
    if (what < 0.992)
      return [this.#create(person, at, 'app.bsky.graph.follow', { subject: this.#someone().did })]
    return this.#options.mix === 'feed' ? [this.#like(person, at)] : this.#rare(person, at)
  }

  /** Something that this very person does, for those who need everybody to have acted. */
  first(person: Person): StreamEvent[] {
    const at = this.now
    this.#happened += 1
    return [this.#like(person, at), ...this.#post(person, at)]
  }

  person(did: Did): Person | undefined {
    return this.#byDid.get(did)
  }

  byHandle(handle: string): Person | undefined {
    return this.people.find((person) => person.handle === handle)
  }

  /** The record as it stands, of anybody. */
  record(id: RecordId): JsonObject | undefined {
    const uri = uriOf(id)
    const lasting = this.#elsewhere.post(uri) ?? this.#lasting.get(uri)
    return lasting ?? this.#byDid.get(id.did)?.records.get(pathOf(id))
  }

  /** What a post shows; `undefined` where there is none. */
  subjectMedia(uri: string): Media | undefined {
    const id = parseUri(uri)
    const record = id && this.record(id)
    return record && mediaOf(record.embed)
  }

  /** The first people do the most, as in life. */
  #someone(): Person {
    for (let draw = 0; draw < DRAWS; draw++) {
      const index = Math.floor(this.people.length * this.#random.next() ** 2.5)
      const person = this.people[index]
      if (person?.status === 'active') return person
    }
    const person = this.people.find(({ status }) => status === 'active')
    if (person === undefined) throw new Error('Expected a network with somebody in it, found nobody')
    return person
  }

  #like(person: Person, at: Micros): CommitEvent {
    const target = this.#random.chance(0.05)
      ? `at://${this.#someone().did}/app.bsky.feed.generator/what-is-new`
      : this.#random.chance(0.5)
        ? uriOf(this.#pooled()?.id ?? this.#elsewhere.absent)
        : this.#random.pick(this.#elsewhere.uris)
    return this.#create(person, at, LIKE, { subject: { uri: target, cid: cid(this.#random) } })
  }

  #post(person: Person, at: Micros): StreamEvent[] {
    const count = this.#random.chance(0.05) ? 2 + this.#random.below(3) : 1
    const events: CommitEvent[] = []
    for (let i = 0; i < count; i++) {
      const embed = embedOf(this.#random)
      const record: Record<string, unknown> = { text: sentence(this.#random), langs: ['en'] }
      if (embed !== undefined) record.embed = embed
      const event = this.#create(person, at, POST, record, events[0]?.rev, i)
      events.push(event)
      this.#pool.push({ id: idOf(event), author: person, changed: this.#happened })
    }
    while (this.#pool.length > POOL) this.#pool.shift()
    return events
  }

  #repost(person: Person, at: Micros): CommitEvent {
    const pooled = this.#random.chance(0.7) ? this.#pooled() : undefined
    if (pooled !== undefined) pooled.author.frozenUntil = this.#happened + SETTLED
    const uri = pooled === undefined ? this.#random.pick(this.#elsewhere.uris) : uriOf(pooled.id)
    const post = pooled && this.#options.lasting && this.record(pooled.id)
    if (post) this.#lasting.set(uri, post)
    return this.#create(person, at, REPOST, { subject: { uri, cid: cid(this.#random) } })
  }

  /** A post that has been as it is for long enough, if chance finds one. */
  #pooled(): Pooled | undefined {
    if (this.#pool.length === 0) return undefined
    const pooled = this.#random.pick(this.#pool)
    const settled = pooled.changed + SETTLED < this.#happened && pooled.author.status === 'active'
    return settled && this.record(pooled.id) !== undefined ? pooled : undefined
  }

  #remove(person: Person, at: Micros): StreamEvent[] {
    const path = person.recent.at(-1 - this.#random.below(RECENT))
    const rev = this.#rev(person, at)
    const unseen = path === undefined || !person.records.has(path) || this.#random.chance(0.1)
    const [collection, rkey] = unseen ? [LIKE, createRaw(at - DAY_MICROS, person.index % 1024)] : split(path)
    if (!unseen && !this.#change(person, collection)) return [this.#like(person, at)]
    if (!unseen) this.#drop(person, path)
    return [{ kind: 'commit', did: person.did, at, rev, op: 'delete', collection, rkey, record: undefined }]
  }

  /** Deletes the oldest records of somebody where they or all have too many, as far as they may be changed. */
  #tidyUp(person: Person, at: Micros): StreamEvent[] {
    const { recordsPerPerson = Number.POSITIVE_INFINITY, records = Number.POSITIVE_INFINITY } = this.#options
    const events: StreamEvent[] = []
    for (const path of person.records.keys()) {
      if (person.records.size <= recordsPerPerson && this.#records <= records) break
      const [collection, rkey] = split(path)
      if (!this.#change(person, collection)) continue
      this.#drop(person, path)
      const rev = this.#rev(person, at)
      events.push({
        kind: 'commit',
        did: person.did,
        at,
        rev,
        op: 'delete',
        collection,
        rkey,
        record: undefined,
      })
    }
    return events
  }

  /** Adds the descriptions that a post was missing. */
  #edit(person: Person, at: Micros): StreamEvent[] {
    const found = [...person.records].findLast(
      ([path, held]) => path.startsWith(POST) && held.embed !== undefined,
    )
    if (found === undefined || !this.#change(person, POST)) return [this.#like(person, at)]
    const [path, held] = found
    const [collection, rkey] = split(path)
    if (this.#lasting.has(uriOf({ did: person.did, collection, rkey }))) return [this.#like(person, at)]
    const record = { ...held, embed: described(held.embed as JsonObject, this.#random) }
    this.#put(person, path, record)
    const pooled = this.#pool.find(({ id }) => id.did === person.did && id.rkey === rkey)
    if (pooled !== undefined) pooled.changed = this.#happened
    return [
      {
        kind: 'commit',
        did: person.did,
        at,
        rev: this.#rev(person, at),
        op: 'update',
        collection,
        rkey,
        record,
      },
    ]
  }

  #rare(person: Person, at: Micros): StreamEvent[] {
    const { did } = person
    const what = this.#random.next()
    if (what < 0.25) return [{ kind: 'identity', did, at, handle: this.#rename(person) }]
    if (what < 0.4) return [this.#profile(person, at)]
    if (what < 0.5)
      return [this.#create(person, at, 'app.bsky.graph.block', { subject: this.#someone().did })]
    if (what < 0.6)
      return [this.#create(person, at, POST, { text: sentence(this.#random) }, undefined, 0, `note-${at}`)]
    if (what < 0.75) return this.#replace(person, at)
    return this.#leaveOrReturn(person, at)
  }

  #rename(person: Person) {
    // Sometimes a handle moves to somebody else, who was called otherwise before.
    const other = this.#random.chance(0.3) ? this.#someone() : undefined
    const { handle, shy } = person
    person.former = { handle, shy, until: this.#happened }
    person.handle = `${person.handle.split('.')[0]}x.test` as Person['handle']
    if (other !== undefined && other !== person) other.handle = handle
    return person.handle
  }

  #profile(person: Person, at: Micros): CommitEvent {
    const { handle, shy } = person
    person.former = { handle, shy, until: this.#happened }
    person.shy = this.#random.chance(0.2)
    const labels = { $type: 'com.atproto.label.defs#selfLabels', values: [{ val: '!no-unauthenticated' }] }
    const record = {
      $type: 'app.bsky.actor.profile',
      displayName: person.displayName,
      ...(person.shy ? { labels } : {}),
    }
    const rev = this.#rev(person, at)
    this.#put(person, 'app.bsky.actor.profile/self', record)
    const collection = 'app.bsky.actor.profile'
    return { kind: 'commit', did: person.did, at, rev, op: 'update', collection, rkey: 'self', record }
  }

  /** The repository is replaced by part of itself, which comes again as creates of one revision. */
  #replace(person: Person, at: Micros): StreamEvent[] {
    if (!this.#change(person, POST)) return [this.#like(person, at)]
    const rev = this.#rev(person, at)
    for (const path of person.records.keys()) if (this.#random.chance(0.2)) this.#drop(person, path)
    const creates = [...person.records].map(([path, record]): StreamEvent => {
      const [collection, rkey] = split(path)
      return { kind: 'commit', did: person.did, at, rev, op: 'create', collection, rkey, record }
    })
    return [{ kind: 'sync', did: person.did, at, rev }, ...creates]
  }

  #leaveOrReturn(person: Person, at: Micros): StreamEvent[] {
    const away = this.people.filter(({ status }) => status !== 'active')
    if (away.length > 3 && this.#random.chance(0.6)) {
      const back = this.#random.pick(away)
      back.status = 'active'
      return [{ kind: 'account', did: back.did, at, time: at, status: 'active' }, this.#like(back, at)]
    }
    const crowded = (away.length + 1) * AWAY > this.people.length
    if (crowded || !this.#change(person, POST)) return [this.#like(person, at)]
    const status: AccountStatus = this.#random.pick(['deactivated', 'deleted', 'takendown', 'deactivated'])
    person.status = status
    if (status === 'deleted') for (const path of person.records.keys()) this.#drop(person, path)
    return [{ kind: 'account', did: person.did, at, time: at, status }]
  }

  /** Whether something of theirs in `collection` may be changed just now. */
  #change(person: Person, collection: string): boolean {
    return collection !== POST || person.frozenUntil < this.#happened
  }

  #create(
    person: Person,
    at: Micros,
    collection: Nsid,
    fields: JsonObject,
    rev = this.#rev(person, at),
    nth = 0,
    rkey = createRaw(person.revMicros - 500 + nth, person.index % 1024),
  ): CommitEvent {
    const record = { $type: collection, createdAt: new Date(at / 1000).toISOString(), ...fields }
    const path: RecordPath = `${collection}/${rkey}`
    this.#put(person, path, record)
    person.recent.push(path)
    if (person.recent.length > RECENT) person.recent.shift()
    return { kind: 'commit', did: person.did, at, rev, op: 'create', collection, rkey, record }
  }

  #put({ records }: Person, path: RecordPath, record: JsonObject): void {
    if (!records.has(path)) this.#records += 1
    records.set(path, record)
  }

  #drop({ records }: Person, path: RecordPath): void {
    if (records.delete(path)) this.#records -= 1
  }

  #rev(person: Person, at: Micros): string {
    // Keys of records lie up to half a millisecond before their revision and must not meet.
    person.revMicros = Math.max(at, person.revMicros + 1_000)
    return createRaw(person.revMicros, person.index % 1024)
  }
}

function idOf({ did, collection, rkey }: CommitEvent): RecordId {
  return { did, collection, rkey }
}

function split(path: string): [Nsid, string] {
  const slash = path.indexOf('/')
  return [path.slice(0, slash) as Nsid, path.slice(slash + 1)]
}
