// A simulated network: people who post, like, repost, change their minds and leave, the same for the same seed. It has
// no clock and does no I/O; the files beside it serve it. It advances by happenings: what one person does at a moment,
// as one event or several.

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
  /** Time from one happening to the next. */
  step: Micros
  /** `everything` adds rare events to `feed`: renames, profiles, blocks, replaced repositories, departures. */
  mix: 'feed' | 'everything'
  /**
   * Reposted posts are not edited, and the AppView shows them even after they are deleted, so that a repost's XP does not
   * depend on when the AppView is asked. @default false
   */
  lasting?: boolean
  /** People with more records delete their oldest, so that a network can run for long. @default no limit */
  recordsPerPerson?: number
  /** Above this many records, each person who acts deletes their oldest. @default no limit */
  records?: number
}

/**
 * Happenings from a post's last change until it may be reposted, and from its repost until it or its author may change.
 * So a repost's XP does not depend on how servers interleave different people.
 */
const SETTLED = 500
/** How many of their latest records people choose from when they delete one. */
const RECENT = 8
/** How many of the latest posts may be liked or reposted. */
const POOL = 3_000

/** At most one person in so many is away at a time, so that somebody can always act. */
const AWAY = 5
/** How many random people to try before the first active one acts. */
const DRAWS = 100

const POST: Nsid = 'app.bsky.feed.post'
const LIKE: Nsid = 'app.bsky.feed.like'
const REPOST: Nsid = 'app.bsky.feed.repost'

/** A post that may be liked or reposted; `changed` is the happening of its last change. */
type Pooled = { id: RecordId; author: Person; changed: number }

/** The state of the network, and the source of its events. */
export class Network {
  readonly people: readonly Person[]
  readonly #options: NetworkOptions
  readonly #random: Random
  readonly #byDid = new Map<Did, Person>()
  readonly #elsewhere: Elsewhere
  readonly #pool: Pooled[] = []
  /** Reposted posts by their URI, with the option `lasting`. */
  readonly #lasting = new Map<string, JsonObject>()
  #happened = 0
  /** Number of records of all people. */
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

  /** Number of records of all people. */
  get records(): number {
    return this.#records
  }

  /** Number of happenings so far. */
  get happened(): number {
    return this.#happened
  }

  /** The next happening is at `now`, and those after it are `step` apart. */
  moveTo(now: Micros, step: Micros): void {
    this.#options.step = step
    this.#options.start = now - this.#happened * step
  }

  /** Makes one thing happen and returns its events: mostly one, sometimes several of one commit. */
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

  /** Has `person` like and post, for callers that need everybody to have acted. */
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

  /** Anybody's record as it stands; undefined where there is none. */
  record(id: RecordId): JsonObject | undefined {
    const uri = uriOf(id)
    const lasting = this.#elsewhere.post(uri) ?? this.#lasting.get(uri)
    return lasting ?? this.#byDid.get(id.did)?.records.get(pathOf(id))
  }

  /** The media of a post; undefined where there is no such post. */
  subjectMedia(uri: string): Media | undefined {
    const id = parseUri(uri)
    const record = id && this.record(id)
    return record && mediaOf(record.embed)
  }

  /** Picks an active person; the first people in the list act the most. */
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

  /** A random post of the pool; undefined unless it is settled and still there. */
  #pooled(): Pooled | undefined {
    if (this.#pool.length === 0) return undefined
    const pooled = this.#random.pick(this.#pool)
    const settled = pooled.changed + SETTLED < this.#happened && pooled.author.status === 'active'
    return settled && this.record(pooled.id) !== undefined ? pooled : undefined
  }

  #remove(person: Person, at: Micros): StreamEvent[] {
    const path = person.recent.at(-1 - this.#random.below(RECENT))
    const rev = this.#rev(person, at)
    // Some deletes name a record that the stream has never shown.
    const unseen = path === undefined || !person.records.has(path) || this.#random.chance(0.1)
    const [collection, rkey] = unseen ? [LIKE, createRaw(at - DAY_MICROS, person.index % 1024)] : split(path)
    if (!unseen && !this.#mayChange(person, collection)) return [this.#like(person, at)]
    if (!unseen) this.#drop(person, path)
    return [{ kind: 'commit', did: person.did, at, rev, op: 'delete', collection, rkey, record: undefined }]
  }

  /** Deletes a person's oldest records while they, or all people together, have too many. */
  #tidyUp(person: Person, at: Micros): StreamEvent[] {
    const { recordsPerPerson = Number.POSITIVE_INFINITY, records = Number.POSITIVE_INFINITY } = this.#options
    const events: StreamEvent[] = []
    for (const path of person.records.keys()) {
      if (person.records.size <= recordsPerPerson && this.#records <= records) break
      const [collection, rkey] = split(path)
      if (!this.#mayChange(person, collection)) continue
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

  /** Adds the descriptions missing from one of a person's posts. */
  #edit(person: Person, at: Micros): StreamEvent[] {
    const found = [...person.records].findLast(
      ([path, record]) => path.startsWith(POST) && record.embed !== undefined,
    )
    if (found === undefined || !this.#mayChange(person, POST)) return [this.#like(person, at)]
    const [path, old] = found
    const [collection, rkey] = split(path)
    if (this.#lasting.has(uriOf({ did: person.did, collection, rkey }))) return [this.#like(person, at)]
    const record = { ...old, embed: described(old.embed as JsonObject, this.#random) }
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
    // Sometimes the old handle moves to somebody else.
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

  /** Replaces a repository by part of itself, which comes again as creates of one revision. */
  #replace(person: Person, at: Micros): StreamEvent[] {
    if (!this.#mayChange(person, POST)) return [this.#like(person, at)]
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
    if (crowded || !this.#mayChange(person, POST)) return [this.#like(person, at)]
    const status: AccountStatus = this.#random.pick(['deactivated', 'deleted', 'takendown', 'deactivated'])
    person.status = status
    if (status === 'deleted') for (const path of person.records.keys()) this.#drop(person, path)
    return [{ kind: 'account', did: person.did, at, time: at, status }]
  }

  /** True where the person's records in `collection` may change now; see `SETTLED`. */
  #mayChange(person: Person, collection: string): boolean {
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
    // Record keys lie up to half a millisecond before their revision; a millisecond between revisions keeps them unique.
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
